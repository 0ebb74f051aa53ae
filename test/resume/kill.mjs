/**
 * Kills a run at random moments, resumes it each time, and compares it with the same run left alone.
 *
 *     node test/resume/kill.mjs KILLS SEAWALL-EVAL-FLAGS…     (without --out and --resume)
 *
 * Then also compares batch sizes 1, 2 and 5 and two merged shards. Prints one line for each comparison and exits
 * with 1 if a result.json differs in more than its times.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Runs `seawall` to its end; throws with what it said if it fails. */
export function seawall(...flags) {
  const { status, stderr } = spawnSync(process.execPath, [program, ...flags], { encoding: "utf8" });
  if (status !== 0) throw new Error(`seawall ${flags.join(" ")} exited with ${status}\n${stderr}`);
}

/** A result without its times, as text. */
export function resultOf(dir) {
  return readFileSync(join(dir, "result.json"), "utf8").replace(/"seconds": [^,\n]*/g, '"seconds": 0');
}

/** Starts the run and kills it after `delay` ms. @returns whether it was killed before its end */
function startAndKill(flags, delay) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...flags], { stdio: "ignore" });
    const timer = setTimeout(() => child.kill("SIGKILL"), delay);
    child.on("exit", (_, signal) => {
      clearTimeout(timer);
      resolve(signal === "SIGKILL");
    });
  });
}

/** Kills the run up to `kills` times at moments spread over `duration` ms, resuming it each time, then lets it end. */
export async function killAndResume(flags, out, kills, duration) {
  const resume = ["eval", ...flags, "--out", out, "--resume"];
  let killed = 0;
  while (killed < kills && (await startAndKill(resume, 200 + Math.random() * duration))) killed++;
  seawall(...resume);
  return killed;
}

async function main([kills, ...flags]) {
  const root = mkdtempSync(join(tmpdir(), "seawall-kill-"));
  const at = (name) => join(root, name);
  const started = performance.now();
  seawall("eval", ...flags, "--out", at("alone"));
  const duration = performance.now() - started;
  const expected = resultOf(at("alone"));
  const compare = (what, dir) => {
    const same = resultOf(dir) === expected;
    console.log(`${same ? "same" : "DIFFERENT"}  ${what}`);
    if (!same) process.exitCode = 1;
  };
  const killed = await killAndResume(flags, at("killed"), Number(kills), duration / 3);
  compare(`killed ${killed} times and resumed`, at("killed"));
  for (const size of ["1", "2", "5"]) {
    seawall("eval", ...flags, "--parallel", size, "--out", at(`batch${size}`));
    compare(`batch size ${size}`, at(`batch${size}`));
  }
  for (const shard of ["1/2", "2/2"])
    seawall("eval", ...flags, "--shard", shard, "--out", at(`shard${shard[0]}`));
  seawall("merge", at("shard1"), at("shard2"), "--out", at("merged"));
  compare("two shards merged", at("merged"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
