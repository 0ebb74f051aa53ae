/**
 * Many small evaluations in one process, while memory, descriptors and threads are watched.
 *
 *     node --expose-gc test/soak/soak.mjs [--minutes N | --rounds N] [--samples FILE]
 *
 * A round evaluates with a run folder and two workers, resumes and verifies it and writes its report; stops an
 * evaluation halfway; and is refused a broken model, a broken image and a setting. What a round leaves behind shows as
 * a slope over the rounds. The first tenth of the time is not counted: engine and program warm up. Slopes are of the
 * means of blocks, at most twelve: single samples that follow each other are alike, so they would make the interval too narrow.
 * `--samples` writes a line of JSON for each round. After half an hour, it
 * exits with 1 if the whole interval of a slope lies above its bound.
 */
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runEvaluation, verifyRun } from "../../dist/evaluate/index.node.js";
import { studentQuantile } from "../../dist/metric/uncertainty/student.js";
import { readReportedRun, writeReports } from "../../dist/report/index.node.js";
import { classes, makePictures } from "../resume/material.mjs";

/** What is watched, its unit, and by how much it may grow in an hour of some 800 rounds. */
const watched = {
  resident: { unit: "MiB", bound: 16, read: () => statusOf("VmRSS") / 1024 },
  heap: { unit: "MiB", bound: 4, read: () => process.memoryUsage().heapUsed / 2 ** 20 },
  outside: { unit: "MiB", bound: 4, read: () => process.memoryUsage().external / 2 ** 20 },
  descriptors: { unit: "", bound: 0.5, read: () => readdirSync("/proc/self/fd").length },
  threads: { unit: "", bound: 0.5, read: () => statusOf("Threads") },
};

/** A number of /proc/self/status; memory in KiB. */
function statusOf(name) {
  const line = readFileSync("/proc/self/status", "utf8").match(new RegExp(`^${name}:\\s*(\\d+)`, "m"));
  return Number(line[1]);
}

/** What the rounds need: a small model, images with labels, and broken ones. */
function makeInputs(root) {
  const at = (name) => join(root, name);
  makePictures(root);
  cpSync(at("images"), at("damaged"), { recursive: true });
  for (const file of ["model.onnx", "damaged/p00.png"]) {
    const bytes = readFileSync(at(file));
    writeFileSync(at(file.replace("model", "broken")), bytes.subarray(0, bytes.length / 2));
  }
  return at;
}

/** What one round does. */
async function playRound(at, number) {
  const data = { data: `folder:${at("images")},${at("labels")}`, classes, ignoreLabel: 255, limit: 3 };
  const settings = { model: at("model.onnx"), ...data };
  const attacked = {
    ...settings,
    eps: "4/255,8/255",
    attacks: "sea-2023,region-search",
    steps: 12,
    parallel: 2,
  };
  const out = at(`run${number}`);
  await runEvaluation({ ...attacked, out });
  await runEvaluation({ ...attacked, out, resume: true });
  await verifyRun(out, { sample: 3 });
  writeReports(readReportedRun(out), ["html", "csv"], out);
  rmSync(out, { recursive: true });

  await stopHalfway({ ...attacked, steps: 60 });
  await mustRefuse({ ...attacked, model: at("broken.onnx") }, "broken.onnx");
  await mustRefuse({ ...attacked, data: `folder:${at("damaged")},${at("labels")}` }, "damaged");
  await mustRefuse({ ...attacked, eps: "8/0" }, "eps");
}

async function stopHalfway(settings) {
  const stop = new AbortController();
  let passes = 0;
  const onProgress = () => {
    if (++passes === 40) stop.abort(new Error("stopped by the test"));
  };
  await mustThrow(runEvaluation(settings, { signal: stop.signal, onProgress }), "stopped by the test");
}

const mustRefuse = (settings, named) =>
  mustThrow(
    Promise.resolve().then(() => runEvaluation(settings)),
    named,
  );

async function mustThrow(running, named) {
  const error = await running.then(
    () => new Error("nothing was thrown"),
    (thrown) => thrown,
  );
  if (!String(error.message).includes(named))
    throw new Error(`expected "${named}" in an error`, { cause: error });
}

/** Plays rounds until the time or the number is over. @returns a sample after each round */
async function soak({ minutes = Infinity, rounds = Infinity, onSample = () => {} }) {
  const root = mkdtempSync(join(tmpdir(), "seawall-soak-"));
  try {
    const at = makeInputs(root);
    const samples = [];
    const start = performance.now();
    const hours = () => (performance.now() - start) / 3_600_000;
    while (hours() < minutes / 60 && samples.length < rounds) {
      await playRound(at, samples.length);
      globalThis.gc();
      const numbers = Object.fromEntries(Object.entries(watched).map(([name, { read }]) => [name, read()]));
      samples.push({ hours: hours(), ...numbers });
      onSample(samples.at(-1));
    }
    return samples;
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** The mean of some samples, field by field. */
function meanOf(samples) {
  const mean = (name) => samples.reduce((sum, sample) => sum + sample[name], 0) / samples.length;
  return Object.fromEntries(Object.keys(samples[0]).map((name) => [name, mean(name)]));
}

/** Least squares over block means. @returns slope for an hour, and its 95 % interval */
function slopeOf(samples, name, most = 12) {
  const counted = samples.slice(Math.ceil(samples.length / 10));
  const blocks = Math.min(most, counted.length);
  const edge = (i) => Math.round((i * counted.length) / blocks);
  const means = Array.from({ length: blocks }, (_, i) => meanOf(counted.slice(edge(i), edge(i + 1))));
  const centre = meanOf(means);
  const spread = means.reduce((sum, { hours }) => sum + (hours - centre.hours) ** 2, 0);
  const slope =
    means.reduce((sum, m) => sum + (m.hours - centre.hours) * (m[name] - centre[name]), 0) / spread;
  const residual = means.reduce(
    (sum, m) => sum + (m[name] - centre[name] - slope * (m.hours - centre.hours)) ** 2,
    0,
  );
  const half = studentQuantile(0.975, blocks - 2) * Math.sqrt(residual / (blocks - 2) / spread);
  return { slope, low: slope - half, high: slope + half, first: means[0][name], last: means.at(-1)[name] };
}

function table(slopes) {
  const rows = Object.entries(watched).map(([name, { unit }]) => {
    const { slope, low, high, first, last } = slopes[name];
    const [a, b, s, l, h] = [first, last, slope, low, high].map((number) => number.toFixed(2));
    return `| ${name} | ${a} | ${b} | ${s} (${l} .. ${h}) ${unit} |`;
  });
  return ["| | first block | last block | slope for an hour (95 %) |", "|---|---|---|---|", ...rows].join(
    "\n",
  );
}

async function main() {
  const { values } = parseArgs({
    options: { minutes: { type: "string" }, rounds: { type: "string" }, samples: { type: "string" } },
  });
  const onSample = (sample) =>
    values.samples && appendFileSync(values.samples, `${JSON.stringify(sample)}\n`);
  const limits = values.rounds
    ? { rounds: Number(values.rounds) }
    : { minutes: Number(values.minutes ?? 120) };
  const samples = await soak({ ...limits, onSample });
  const slopes = Object.fromEntries(Object.keys(watched).map((name) => [name, slopeOf(samples, name)]));
  console.log(
    `${samples.length} rounds in ${(60 * samples.at(-1).hours).toFixed(0)} min\n\n${table(slopes)}`,
  );
  const grows = Object.entries(watched).some(([name, { bound }]) => slopes[name].low > bound);
  if (grows && samples.at(-1).hours > 0.5) process.exitCode = 1;
}

await main();
