/**
 * Kills the parts of a run over a queue at random moments, and compares its result with that of one process.
 *
 *     node test/resume/kill-queue.mjs [--seed N] [--workers N] TIMES [SEAWALL-EVAL-FLAGS…]     (without --out)
 *
 * Each time, a Redis server, workers and a coordinator are started. At moments that the seed decides, by the number of
 * records in the journal, three workers are killed (SIGKILL) and replaced, the server is killed and restarted on its data
 * (appendonly, flushed once a second), and the coordinator is killed and resumed. Prints a line each time and exits with 1
 * if a result or a journal differs in more than its times. Default flags: a short run on the photos of the demo.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { missingRedis, startServer } from "../queue/server.mjs";
import { journalOf, resultOf, seawall } from "./program.mjs";

const root = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const program = root("dist/cli/main.js");
const demo = [
  ...["--model", root("demo/model.onnx"), "--data", `folder:${root("demo/images")}`, "--labels", "self"],
  ...["--classes", root("demo/classes.txt"), "--eps", "0.25/255,1/255", "--attacks", "surge", "--steps", "3"],
  "--no-report",
];

/** A process of Seawall. What it says is kept; `ended` tells exit code or signal. */
function start(...args) {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  const run = { child, said: "", ended: undefined };
  child.stderr.on("data", (chunk) => {
    run.said += chunk;
  });
  run.ended = new Promise((resolve) => child.on("exit", (code, signal) => resolve(signal ?? code)));
  return run;
}

/** Lines of the journal in a folder that may not be there yet. */
function recordsIn(dir) {
  const file = join(dir, "journal.jsonl");
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
}

/** Fulfilled when the journal has so many records, or the coordinator ended. */
async function whenAt(dir, records, isOver) {
  while (recordsIn(dir) < records && !isOver()) await sleep(20);
}

/**
 * Makes a run over a queue whose parts are killed.
 * @param random gives numbers from 0 to 1
 * @param total number of records of the run
 * @returns what was killed and when
 */
export async function runAndKill(flags, out, { workers, total, random }) {
  const server = await startServer();
  const queue = server.url("kill");
  const worker = () =>
    start("work", "--queue", queue, "--parallel", "1", "--threads", "1", "--patience", "3");
  const coordinator = () => start("eval", ...flags, "--out", out, "--resume", "--queue", queue);
  const [team, log] = [Array.from({ length: workers }, worker), []];
  let run = coordinator();
  let isOver = false;
  const watch = (started) =>
    void started.ended.then((end) => (isOver = started === run && end !== "SIGKILL"));
  watch(run);
  try {
    const events = ["worker", "worker", "worker", "server", "coordinator"]
      .map((kind) => ({ kind, at: Math.floor(0.8 * random() * total), delay: 500 * random() }))
      .sort((a, b) => a.at - b.at);
    for (const { kind, at, delay } of events) {
      await whenAt(out, at, () => isOver);
      await sleep(delay);
      if (isOver) break;
      log.push(`${kind} at ${recordsIn(out)}`);
      if (kind === "worker") {
        const chosen = Math.floor(random() * workers);
        team[chosen].child.kill("SIGKILL");
        team[chosen] = worker();
      } else if (kind === "server") await server.restart("SIGKILL");
      else {
        const killed = run;
        run = coordinator();
        killed.child.kill("SIGKILL");
        watch(run);
      }
    }
    const end = await run.ended;
    if (end !== 0) throw new Error(`the coordinator ended with ${end}:\n${run.said}`);
    return log;
  } finally {
    for (const { child } of [run, ...team]) child.kill("SIGKILL");
    await server.end();
  }
}

async function main(args) {
  const option = (name, fallback) => {
    const at = args.indexOf(name);
    return at < 0 ? fallback : args.splice(at, 2)[1];
  };
  const [seed, workers] = [option("--seed", "0"), Number(option("--workers", "4"))];
  const [times = "20", ...given] = args;
  if (missingRedis) throw new Error(missingRedis);
  // The built program's own random numbers.
  const { randomStream } = await import("../../dist/base/index.js");
  const flags = given.length > 0 ? given : demo;
  const folder = mkdtempSync(join(tmpdir(), "seawall-kill-queue-"));
  const at = (name) => join(folder, String(name));
  seawall("eval", ...flags, "--out", at("alone"));
  const [result, journal] = [resultOf(at("alone")), journalOf(at("alone")).join("\n")];
  const total = recordsIn(at("alone"));
  let equal = 0;
  for (let time = 1; time <= Number(times); time++) {
    const stream = randomStream("kill-queue", seed, time);
    const started = performance.now();
    const log = await runAndKill(flags, at(time), { workers, total, random: () => stream.next() });
    const same = resultOf(at(time)) === result && journalOf(at(time)).join("\n") === journal;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${same ? "same" : "DIFFERENT"}  ${log.join(", ")} of ${total} records; ${seconds} s`);
    if (same) equal++;
  }
  console.log(`${equal} of ${times} equal the run of one process`);
  if (equal < Number(times)) process.exitCode = 1;
  else rmSync(folder, { recursive: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
