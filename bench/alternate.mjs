/** Times two programs that do the same work, in alternation on this machine. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A process that first prints `ready …`, then replies to each line: seconds to `step`, `peak BYTES` to `quit`. */
export class Worker {
  #process;
  #lines;

  constructor(command, args) {
    this.#process = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#process.on("error", () => {});
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async read() {
    const { value, done } = await this.#lines.next();
    return done ? undefined : value;
  }

  ask(line) {
    this.#process.stdin.write(`${line}\n`);
    return this.read();
  }
}

/**
 * Times steps of two workers in alternation, after some warm-up steps. Prints times, peak memory, and their ratios.
 * @param names names of the two workers
 * @param row number of steps that a worker makes before the other one's turn
 * @param images number of images in a step; if given, images per second are printed, too
 * @returns the first worker's median, in seconds; infinite if it did not start
 */
export async function alternate(title, pair, names, { steps, row }, images) {
  const ready = await Promise.all(pair.map((worker) => worker.read()));
  const workers = pair.map((worker, i) => (ready[i]?.startsWith("ready") ? worker : undefined));
  const times = workers.map(() => []);
  for (let i = -3; i < steps / row; i++) {
    for (const [k, worker] of workers.entries()) {
      for (let j = 0; worker && j < row; j++) {
        const seconds = Number(await worker.ask("step"));
        if (i >= 0) times[k].push(seconds);
      }
    }
  }
  const peaks = await Promise.all(workers.map((worker) => worker?.ask("quit")));
  const turns = row === 1 ? "" : `, ${row} in a row`;
  console.log(`${title}: ${times[0].length} steps each, in alternation${turns}`);
  report(names, times, peaks.map(mebibytes), images);
  return times[0].length > 0 ? median(times[0]) : Number.POSITIVE_INFINITY;
}

const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
const ms = (seconds) => `${(1000 * seconds).toFixed(1)} ms`;

const mebibytes = (line) =>
  line === undefined ? undefined : Math.round(Number(line.split(" ")[1]) / 2 ** 20);

function report(names, [first, second], [firstPeak, secondPeak], images) {
  const rate = (times) => (images ? ` (${(images / median(times)).toFixed(1)} images per second)` : "");
  const line = (times, peak) =>
    `median ${ms(median(times))}${rate(times)}, minimum ${ms(Math.min(...times))}, peak memory ${peak} MiB`;
  const width = Math.max(...names.map((name) => name.length));
  const [own, other] = names.map((name) => name.padEnd(width));
  if (first.length === 0) return console.log(`  ${own}  did not start, for the reason above`);
  console.log(`  ${own}  ${line(first, firstPeak)}`);
  if (second.length === 0)
    return console.log(`  ${other}  did not start: install tools/requirements.txt and give --python`);
  console.log(`  ${other}  ${line(second, secondPeak)}`);
  const ratio = (figure) => (figure(first) / figure(second)).toFixed(2);
  const minima = ratio((times) => Math.min(...times));
  const memory = (firstPeak / secondPeak).toFixed(2);
  console.log(`  ratio of medians ${ratio(median)}, of minima ${minima}, of peak memory ${memory}`);
}
