/**
 * Steps of Seawall against PyTorch eager, or against another build of Seawall, in alternation on this machine.
 *
 *     npm run bench -- lowering [THRESHOLD …]
 *     npm run bench -- [--python PYTHON] [--steps N] [--row N] [--threads N] [--attack-steps N] [--torch "FLAGS"] [CASE …]
 *     npm run bench -- --window HxW --stride HxW [--steps N] [--threads N] MODEL.onnx:1xCxHxW
 *     npm run bench -- --against CHECKOUT [--steps N] [--row N] [--threads N] [CASE …]
 *     npm run bench -- --device cuda|webgpu|cpu [--python PYTHON] [--steps N] [--size HxW] [--images N,…] [--sea-steps N] [--modes M,…]
 *
 * `--device` makes every measurement that a device asks for, in one go (`device.mjs`).
 *
 * `--window` times the gradient of one image through a sliding window against those of as many single windows, and compares
 * their peak memory (`windows.mjs`).
 *
 * `lowering` times the forms of operators around the compiler's thresholds, without PyTorch (`lowering.mjs`).
 *
 * CASE is one of:
 * - MODEL.onnx:NxCxHxW, one attack step (update, forward, loss, gradient)
 * - ARCHITECTURE:NxCxHxW, one update of adversarial training (--attack-steps passes, by default two, gradient of both losses, AdamW)
 * - `training`, one such update of a small network
 *
 * Each program makes --row steps, by default one, before the other program's turn.
 * Prints the ratio of medians (below 1: Seawall is faster), the ratio of minima and the peak memory of both with its ratio.
 * PYTHON needs tools/requirements.txt installed. FLAGS are passed to tools/bench_torch.py and
 * tools/bench_training_torch.py, which describe them. CHECKOUT is the folder of another, built version, whose own bench/
 * is run.
 */
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { alternate, Worker } from "./alternate.mjs";
import { compareOnDevice } from "./device.mjs";
import { timeLowering } from "./lowering.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: "string", default: "python3" },
    steps: { type: "string", default: "30" },
    row: { type: "string", default: "1" },
    threads: { type: "string", default: "2" },
    "attack-steps": { type: "string", default: "2" },
    torch: { type: "string", default: "" },
    against: { type: "string" },
    window: { type: "string" },
    stride: { type: "string" },
    device: { type: "string" },
    size: { type: "string", default: "512x512" },
    images: { type: "string", default: "1,2,4,8" },
    "sea-steps": { type: "string", default: "30" },
    modes: { type: "string", default: "eager,compiled" },
    architecture: { type: "string", default: "upernet-convnext-t-cvst" },
  },
});
const turns = { steps: Number(values.steps), row: Number(values.row) };
const flags = values.torch.split(" ").filter(Boolean);
const names = values.against ? ["this build", "the other"] : ["Seawall", "PyTorch"];
const settings = (size) => ["--size", size, "--threads", values.threads, ...flags];

const seawall = (file, ...args) => new Worker(process.execPath, [file, ...args, values.threads]);
const own = (worker, ...args) => seawall(here(worker), ...args);
const other = (worker, ...args) => seawall(join(values.against, "bench", worker), ...args);
const torch = (script, ...args) => new Worker(values.python, [here(`../tools/${script}`), ...args]);

function compareAttack(file, size) {
  // With --upernet, PyTorch runs the module that the file was exported from.
  const model = flags.includes("--upernet") ? [] : [file];
  const second = values.against
    ? other("attack.mjs", file, size)
    : torch("bench_torch.py", ...model, ...settings(size));
  return alternate(`${basename(file)} at ${size}`, [own("attack.mjs", file, size), second], names, turns);
}

function compareWindows(file, size) {
  const { window, stride = window } = values;
  const workers = ["sliding", "single"].map((mode) => own("windows.mjs", file, size, window, stride, mode));
  const title = `${basename(file)} at ${size}, window ${window}, stride ${stride}`;
  return alternate(title, workers, ["sliding window", "single windows"], turns);
}

function compareTraining(architecture, size) {
  const steps = values["attack-steps"];
  const second = values.against
    ? other("training.mjs", architecture, size, steps)
    : torch("bench_training_torch.py", architecture, "--attack-steps", steps, ...settings(size));
  const workers = [own("training.mjs", architecture, size, steps), second];
  return alternate(
    `training ${architecture} at ${size}, ${steps} attack steps`,
    workers,
    names,
    turns,
    Number.parseInt(size, 10),
  );
}

if (values.device) {
  await compareOnDevice({ ...values, seaSteps: values["sea-steps"], ...turns });
  process.exit();
}
if (positionals[0] === "lowering") {
  await timeLowering(positionals.slice(1));
  process.exit();
}
const training = "upernet-convnext-micro-cvst:8x3x128x160";
const cases = positionals.length > 0 ? positionals : [`${here("../demo/model.onnx")}:1x3x256x256`, training];
for (const text of cases) {
  const [, name, size] = /^(.+):(\d+(?:x\d+){3})$/.exec(text === "training" ? training : text) ?? [];
  if (!name) throw new Error(`${text}: expected MODEL.onnx:NxCxHxW, ARCHITECTURE:NxCxHxW or training`);
  const compare = values.window ? compareWindows : name.endsWith(".onnx") ? compareAttack : compareTraining;
  await compare(name, size);
}
