/**
 * One attack step (update, forward, loss, gradient), Seawall against PyTorch eager in alternation on this machine.
 *
 *     npm run bench -- [--python PYTHON] [--steps N] [--threads N] [--torch "FLAGS"] [MODEL.onnx:NxCxHxW …]
 *
 * Prints the ratio of medians (below 1: Seawall is faster), the ratio of minima and the peak memory of both. PYTHON is
 * one with tools/requirements.txt installed; FLAGS go to tools/bench_torch.py, which says what PyTorch is given.
 */
import { spawn } from "node:child_process";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: "string", default: "python3" },
    steps: { type: "string", default: "30" },
    threads: { type: "string", default: "2" },
    torch: { type: "string", default: "" },
  },
});
const steps = Number(values.steps);

/** A process that answers each line with one. */
class Worker {
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

const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
const ms = (seconds) => `${(1000 * seconds).toFixed(1)} ms`;

async function compare(file, size) {
  const threads = ["--threads", values.threads];
  const seawall = new Worker(process.execPath, [here("worker.mjs"), file, size, values.threads]);
  const flags = values.torch.split(" ").filter(Boolean);
  // With --upernet PyTorch runs the module that the file was exported from.
  const model = flags.includes("--upernet") ? [] : [file];
  const torch = new Worker(values.python, [
    here("../tools/bench_torch.py"),
    ...model,
    "--size",
    size,
    ...threads,
    ...flags,
  ]);
  const ready = await Promise.all([seawall.read(), torch.read()]);
  const workers = [seawall, torch].map((worker, i) => (ready[i]?.startsWith("ready") ? worker : undefined));
  const times = workers.map(() => []);
  for (let i = -3; i < steps; i++) {
    for (const [k, worker] of workers.entries()) {
      const seconds = worker && Number(await worker.ask("step"));
      if (worker && i >= 0) times[k].push(seconds);
    }
  }
  const peaks = await Promise.all(workers.map((worker) => worker?.ask("quit")));
  report(`${basename(file)} at ${size}`, times, peaks.map(mebibytes));
}

const mebibytes = (line) =>
  line === undefined ? undefined : Math.round(Number(line.split(" ")[1]) / 2 ** 20);

function report(name, [own, torch], [ownPeak, torchPeak]) {
  const line = (times, peak) =>
    `median ${ms(median(times))}, minimum ${ms(Math.min(...times))}, peak memory ${peak} MiB`;
  console.log(`${name}: ${steps} steps each, in alternation`);
  console.log(`  Seawall  ${line(own, ownPeak)}`);
  if (torch.length === 0)
    return console.log("  PyTorch  not found: install tools/requirements.txt and give --python");
  console.log(`  PyTorch  ${line(torch, torchPeak)}`);
  const ratio = (figure) => (figure(own) / figure(torch)).toFixed(2);
  console.log(`  ratio of medians ${ratio(median)}, of minima ${ratio((times) => Math.min(...times))}`);
}

const cases = positionals.length > 0 ? positionals : [`${here("../demo/model.onnx")}:1x3x256x256`];
for (const text of cases) {
  const [, file, size] = /^(.+):(\d+(?:x\d+){3})$/.exec(text) ?? [];
  if (!file) throw new Error(`${text}: expected MODEL.onnx:NxCxHxW`);
  await compare(file, size);
}
