/**
 * Whole processes, from the command to the last line: `seawall eval` and the same attack in PyTorch eager
 * (`tools/apgd_torch.py`), in alternation on this machine.
 *
 *     node bench/process.mjs --python PYTHON [--steps 4,30,100] [--turns 5] [--against CHECKOUT] MODEL.onnx IMAGES LABELS
 *
 * IMAGES and LABELS are folders of PNGs of the same names; the first two images are attacked, with void label 11. Prints
 * wall and processor seconds (medians and minima), peak memory, and the ratio of wall times; without --python, of Seawall
 * alone. --against times another, built version too. Processor time beside the attack itself, whose passes are timed in
 * the run, is the cost of a start.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: "string" },
    steps: { type: "string", default: "4,30,100" },
    turns: { type: "string", default: "5" },
    against: { type: "string" },
  },
});
const [model, images, labels] = positionals;
const out = join(mkdtempSync(join(tmpdir(), "seawall-process-")), "run");

const seawall = (root) => (steps) => {
  rmSync(out, { recursive: true, force: true });
  const { bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const settings = ["--attacks", "apgd:mask-ce", "--eps", "8/255", "--steps", steps, "--limit", "2"];
  const data = ["--data", `folder:${images},${labels}`, "--classes", "11", "--ignore-label", "11"];
  const measured = run(process.execPath, [
    join(root, bin.seawall),
    "eval",
    "--model",
    model,
    ...data,
    ...settings,
    "--out",
    out,
  ]);
  const records = readFileSync(join(out, "journal.jsonl"), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return { ...measured, attack: records.reduce((sum, { seconds = 0 }) => sum + seconds, 0) };
};
const torch = (steps) =>
  run(values.python, [here("../tools/apgd_torch.py"), model, images, labels, "--steps", steps]);

/** Runs a command to its end. Its own `time` measures it, so that only its processes count. */
function run(command, args) {
  const begun = performance.now();
  const { status, stderr } = spawnSync("/usr/bin/time", ["-f", "%U %S %M", command, ...args], {
    encoding: "utf8",
  });
  const wall = (performance.now() - begun) / 1000;
  if (status !== 0) throw new Error(stderr);
  const [user, system, kilobytes] = stderr.trim().split("\n").at(-1).split(" ").map(Number);
  return { wall, processor: user + system, memory: kilobytes / 1024 };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const programs = {
  "this build": seawall(here("..")),
  ...(values.against && { "the other build": seawall(values.against) }),
  ...(values.python && { PyTorch: torch }),
};
for (const steps of values.steps.split(",")) {
  const turns = Object.fromEntries(Object.keys(programs).map((name) => [name, []]));
  for (let i = 0; i < Number(values.turns); i++) {
    for (const [name, program] of Object.entries(programs)) turns[name].push(program(steps));
  }
  console.log(`${steps} steps, ${values.turns} turns`);
  for (const [name, of] of Object.entries(turns)) {
    const column = (key) => of.map((one) => one[key]);
    const seconds = (key) =>
      `${median(column(key)).toFixed(2)} s (minimum ${Math.min(...column(key)).toFixed(2)})`;
    const own =
      of[0].attack === undefined
        ? ""
        : `, engine time of the attack ${median(column("attack")).toFixed(2)} s`;
    console.log(
      `  ${name.padEnd(16)} wall ${seconds("wall")}, processor ${seconds("processor")}, peak ${Math.round(median(column("memory")))} MiB${own}`,
    );
  }
  const walls = Object.values(turns).map((of) => median(of.map(({ wall }) => wall)));
  for (const [i, name] of Object.keys(programs).slice(1).entries())
    console.log(`  ratio of wall medians to ${name}: ${(walls[0] / walls[i + 1]).toFixed(2)}`);
}
rmSync(join(out, ".."), { recursive: true, force: true });
