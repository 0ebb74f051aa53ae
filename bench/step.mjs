/**
 * One attack step (update, forward, loss, gradient), Seawall against PyTorch in alternation on this machine.
 *
 *     npm run bench -- [--python PYTHON] [--steps N] [--threads N] NAME=MODEL.onnx:HxW[:BATCH] …
 *
 * Prints the ratio of medians (below 1: Seawall is faster), the ratio of minima and the peak memory of both.
 * PYTHON is one with tools/requirements.txt installed; without it Seawall is timed alone.
 */
import { spawn } from "node:child_process";
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

async function compare({ name, file, size, batch }) {
  const seawall = new Worker(process.execPath, [here("worker.mjs"), file, size, batch, values.threads]);
  const torch = new Worker(values.python, [
    here("../tools/bench_torch.py"),
    file,
    "--size",
    size,
    "--batch",
    batch,
    "--threads",
    values.threads,
  ]);
  const workers = (await Promise.all([seawall.read(), torch.read()])).map((line, i) =>
    line === "ready" ? [seawall, torch][i] : undefined,
  );
  const times = workers.map(() => []);
  for (let i = -3; i < steps; i++) {
    for (const [k, worker] of workers.entries()) {
      const seconds = worker && Number(await worker.ask("step"));
      if (worker && i >= 0) times[k].push(seconds);
    }
  }
  const memory = await Promise.all(workers.map((worker) => worker?.ask("quit")));
  report(name, times, memory);
}

function report(name, [own, torch], [ownMemory, torchMemory]) {
  console.log(`${name}: ${own.length} steps each`);
  console.log(
    `  Seawall  median ${ms(median(own))}, minimum ${ms(Math.min(...own))}, peak memory ${Number(ownMemory).toFixed(0)} MiB`,
  );
  if (torch.length === 0)
    return console.log("  PyTorch  not found: install tools/requirements.txt and give --python");
  console.log(
    `  PyTorch  median ${ms(median(torch))}, minimum ${ms(Math.min(...torch))}, peak memory ${Number(torchMemory).toFixed(0)} MiB`,
  );
  console.log(
    `  ratio of medians ${(median(own) / median(torch)).toFixed(2)}, of minima ${(Math.min(...own) / Math.min(...torch)).toFixed(2)}`,
  );
}

const cases =
  positionals.length > 0 ? positionals : [`demo (ESPNetv2)=${here("../demo/model.onnx")}:256x256`];
for (const text of cases) {
  const [, name, file, size, batch = "1"] = /^(?:([^=]+)=)?(.+?):(\d+x\d+)(?::(\d+))?$/.exec(text);
  await compare({ name: name ?? file, file, size, batch });
}
