/**
 * Dumps what Seawall computes, so that a refactoring can be shown to change nothing:
 *
 *     node tools/dump/main.mjs --out DIR [--program dist] [--models ../shared/models] [--only TEXT] [--jobs 2]
 *     node tools/dump/compare.mjs DIR OTHER
 *
 * Every graph that reaches ONNX Runtime is intercepted (`preload.mjs`) and written as normalised text. Journals, results,
 * training logs and trained weights are kept without times. Scenarios (`scenarios.mjs`) use the command line and the
 * published library only, so that a dump does not depend on files in src. Two dumps of the same commit on the same
 * machine are identical.
 *
 *     DIR/SCENARIO/graphs/HASH.txt   a graph (`graph-text.mjs`)
 *     DIR/SCENARIO/list.json         sessions: hash, optimization, count; nodes, name, inputs, outputs of each graph
 *     DIR/SCENARIO/files/…           what the scenario wrote; `.words` holds sentences, apart from figures
 *     DIR/SCENARIO/exits.json        exit code of each step, and the last lines printed where it is not 0
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { hashText, modelText } from "./graph-text.mjs";
import { writeCheckpoint, writePictures } from "./material.mjs";
import { splitJson, splitLines } from "./normalize.mjs";
import { presentScenarios } from "./scenarios.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const repository = resolve(here, "../..");
const { values: flags } = parseArgs({
  options: {
    out: { type: "string" },
    program: { type: "string", default: join(repository, "dist") },
    models: { type: "string" },
    only: { type: "string" },
    jobs: { type: "string", default: "2" },
  },
});
if (!flags.out) throw new Error("--out DIR is missing");
const out = resolve(flags.out);
const program = resolve(flags.program);
if (!existsSync(join(program, "cli/main.js")))
  throw new Error(`${program}: holds no cli/main.js; build first`);
const preload = pathToFileURL(join(here, "preload.mjs")).href;

const started = performance.now();
const work = await mkdtemp(join(tmpdir(), "seawall-dump-"));
try {
  await prepareMaterial(join(work, "material"));
  await rm(out, { recursive: true, force: true });
  const chosen = presentScenarios(join(work, "material")).filter(isChosen);
  const totals = await runAll(chosen, Number(flags.jobs));
  const sum = (key) => totals.reduce((total, one) => total + one[key], 0);
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(
    `${totals.length} scenarios, ${sum("graphs")} graphs, ${sum("sessions")} sessions, ${seconds} s: ${out}`,
  );
  if (sum("failed") > 0) console.log(`${sum("failed")} steps ended with an error: see exits.json`);
} finally {
  await rm(work, { recursive: true, force: true });
}

function isChosen({ name }) {
  return !flags.only || flags.only.split(",").some((text) => name.includes(text));
}

async function prepareMaterial(folder) {
  await mkdir(folder, { recursive: true });
  writePictures(join(folder, "pictures"), { count: 6, side: 72, classes: 4 });
  writePictures(join(folder, "tiny"), { count: 1, side: 32, classes: 4 });
  await symlink(join(repository, "demo"), join(folder, "demo"));
  const candidates = flags.models ? [flags.models] : ["../shared/models", "../../shared/models"];
  const models = candidates.map((path) => resolve(repository, path)).find((path) => existsSync(path));
  if (models) await symlink(models, join(folder, "models"));
}

/** Runs scenarios, `jobs` at a time. A scenario with `after` waits for the scenario of that name. */
async function runAll(chosen, jobs) {
  const [waiting, running, done, totals] = [[...chosen], new Map(), new Set(), []];
  const isReady = ({ after }) => !after || done.has(after) || !chosen.some(({ name }) => name === after);
  while (waiting.length + running.size > 0) {
    const next = waiting.findIndex(isReady);
    if (running.size < jobs && next >= 0) {
      const [scenario] = waiting.splice(next, 1);
      running.set(scenario.name, runScenario(scenario));
      continue;
    }
    const total = await Promise.race(running.values());
    running.delete(total.name);
    done.add(total.name);
    totals.push(total);
    const { name, graphs, sessions, seconds, failed } = total;
    console.log(
      `${name.padEnd(40)} ${graphs} graphs, ${sessions} sessions, ${seconds} s${failed ? ", FAILED" : ""}`,
    );
  }
  return totals;
}

async function runScenario(scenario) {
  const begun = performance.now();
  const [folder, target] = [join(work, scenario.name), join(out, scenario.name)];
  const graphs = join(target, "graphs");
  await Promise.all([folder, graphs, join(target, "files")].map((path) => mkdir(path, { recursive: true })));
  const exits = scenario.checkpoint ? [await drawCheckpoint(folder, scenario.checkpoint)] : [];
  for (const step of scenario.steps) exits.push(await runStep(step, folder, graphs));
  await writeJson(join(target, "exits.json"), exits);
  for (const file of scenario.keep) await keepFile(join(folder, file), target, file);
  const list = await listSessions(graphs, scenario.anyCount);
  await writeJson(join(target, "list.json"), list);
  return {
    name: scenario.name,
    graphs: list.graphs.length,
    sessions: list.sessions.reduce((total, { count }) => total + (count === "any" ? 1 : count), 0),
    seconds: Math.round((performance.now() - begun) / 1000),
    failed: exits.filter(({ code }) => code !== 0).length,
  };
}

/** Makes a checkpoint of random values for the keys that `seawall models` lists. */
async function drawCheckpoint(folder, { architecture, classes, size }) {
  const args = ["models", architecture, "--classes", `${classes}`, "--size", size, "--json"];
  const ended = await runNode([join(program, "cli/main.js"), ...args], folder, {});
  if (ended.code === 0) {
    writeCheckpoint(join(folder, "checkpoint.safetensors"), JSON.parse(ended.stdout).keys, 11);
  }
  return exitOf("models", ended);
}

async function runStep(step, folder, graphs) {
  const command = step.script
    ? [join(here, step.script), program, step.model]
    : [join(program, "cli/main.js"), ...step];
  // Workers inherit both by default. Either alone would be lost if a worker is given options of its own.
  const environment = {
    SEAWALL_DUMP_GRAPHS: graphs,
    SEAWALL_DUMP_PROGRAM: program,
    NODE_OPTIONS: `--import ${preload}`,
  };
  const ended = await runNode(["--import", preload, ...command], folder, environment);
  return exitOf(step.script ?? step[0], ended);
}

function exitOf(step, { code, stderr }) {
  return code === 0 ? { step, code } : { step, code, printed: stderr.trim().split("\n").slice(-5) };
}

function runNode(args, cwd, environment) {
  return new Promise((settle, fail) => {
    const child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...environment } });
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) {
      child[name].setEncoding("utf8").on("data", (text) => {
        texts[name] += text;
      });
    }
    child.on("error", fail).on("close", (code, signal) => settle({ code: code ?? signal, ...texts }));
  });
}

/** Keeps journals and results without times, models as text, and the hash of every other file. */
async function keepFile(path, target, name) {
  const file = join(target, "files", name.replaceAll("/", "_"));
  if (!existsSync(path)) return writeFile(`${file}.missing`, "");
  if (name.endsWith(".onnx")) return writeFile(`${file}.txt`, modelText(await readFile(path)));
  if (!/\.jsonl?$/.test(name)) return writeFile(`${file}.sha256`, `${await hashFile(path)}\n`);
  const text = await readFile(path, "utf8");
  const { facts, words } = name.endsWith(".jsonl")
    ? splitLines(text, name.includes("journal"))
    : splitJson(text);
  await writeFile(file, facts);
  if (words) await writeFile(`${file}.words`, words);
}

async function hashFile(path) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** Collects the threads' notes: how often each session was opened, and a summary of each graph. */
async function listSessions(folder, anyCount) {
  const counts = new Map();
  for (const name of (await readdir(folder)).filter((file) => file.endsWith(".jsonl"))) {
    for (const line of (await readFile(join(folder, name), "utf8")).trim().split("\n")) {
      counts.set(line, (counts.get(line) ?? 0) + 1);
    }
    await unlink(join(folder, name));
  }
  const sessions = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([line, count]) => ({ ...JSON.parse(line), count: anyCount ? "any" : count }));
  const graphs = [];
  for (const name of (await readdir(folder)).sort()) {
    const text = await readFile(join(folder, name), "utf8");
    if (`${hashText(text)}.txt` !== name) throw new Error(`${name}: its text is incomplete`);
    graphs.push(graphSummary(name.replace(".txt", ""), text));
  }
  return { sessions, graphs };
}

function graphSummary(hash, text) {
  const of = (kind) => [...text.matchAll(new RegExp(`^${kind} (.*)$`, "gm"))].map(([, json]) => json);
  const names = (kind) => of(kind).map((json) => JSON.parse(json).join(" "));
  return {
    hash,
    name: JSON.parse(of("name")[0]),
    nodes: of("node").length,
    inputs: names("input"),
    outputs: names("output"),
  };
}

async function writeJson(path, value) {
  await writeFile(path, `${JSON.stringify(value, null, 1)}\n`);
}
