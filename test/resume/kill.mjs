/**
 * Kills a run at random moments, resumes it each time, and compares it with the same run left alone.
 *
 *     node test/resume/kill.mjs [--seed N] KILLS SEAWALL-EVAL-FLAGS…     (without --out and --resume)
 *
 * The seed decides the moments; how far a run is at a moment is up to the machine. A run that ends before it was
 * killed KILLS times is compared, and another one begins. Then also compares batch sizes 1, 2 and 5 and two merged
 * shards, which go on after each other until none waits. Prints one line for each comparison and exits with 1 if a
 * result or a journal differs in more than its times.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../dist/bundle/main.js", import.meta.url));

/** Runs `seawall` to its end; throws with what it said if it fails. @returns what it printed on stdout */
export function seawall(...flags) {
  const options = { encoding: "utf8", maxBuffer: 2 ** 28 };
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...flags], options);
  if (status !== 0) throw new Error(`seawall ${flags.join(" ")} exited with ${status}\n${stderr}`);
  return stdout;
}

/** A result without its times and the seal, which holds them, as text. */
export function resultOf(dir) {
  return readFileSync(join(dir, "result.json"), "utf8").replace(/"(seconds|seal)": [^,\n]*/g, '"$1": 0');
}

/** The lines of a journal without their times and the seals, which hold them; sorted, since workers end in any order. */
export function journalOf(dir) {
  const lines = readFileSync(join(dir, "journal.jsonl"), "utf8").split("\n");
  return lines.map((line) => line.replace(/"seconds":[^,]*,|,"seal":"[^"]*"/g, "")).sort();
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

/**
 * Kills the run up to `kills` times at moments spread over `duration` ms, resuming it each time, then lets it end.
 * @param seed decides the moments
 */
export async function killAndResume(flags, out, kills, duration, seed = 0) {
  // The built program's own random numbers; it is there by the time that a run is to be killed.
  const { randomStream } = await import("../../dist/base/index.js");
  const moments = randomStream("kill", seed);
  const resume = ["eval", ...flags, "--out", out, "--resume"];
  let killed = 0;
  while (killed < kills && (await startAndKill(resume, 200 + moments.next() * duration))) killed++;
  seawall(...resume);
  return killed;
}

/**
 * Runs all shards, each after the others as long as one waits for them, and merges them.
 * @param at names the folder of a shard, or `merged`
 * @returns how often every shard was run
 */
export function runShards(flags, count, at) {
  const names = Array.from({ length: count }, (_, i) => `shard${i + 1}`);
  let rounds = 0;
  for (let waits = true; waits; rounds++) {
    waits = false;
    for (const [i, name] of names.entries()) {
      const others = names.filter((other) => other !== name && existsSync(join(at(other), "journal.jsonl")));
      const after = rounds === 0 ? [] : ["--resume", ...others.flatMap((other) => ["--after", at(other)])];
      const run = [...flags, "--shard", `${i + 1}/${count}`, "--out", at(name), "--json", ...after];
      if (JSON.parse(seawall("eval", ...run)).waiting) waits = true;
    }
  }
  seawall("merge", ...names.map(at), "--out", at("merged"));
  return rounds;
}

/** Milliseconds that some work takes. */
export function timed(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

async function main([first, ...rest]) {
  const [seed, kills, ...flags] = first === "--seed" ? rest : [0, first, ...rest];
  const root = mkdtempSync(join(tmpdir(), "seawall-kill-"));
  const at = (name) => join(root, name);
  const start = timed(() => seawall("eval", ...flags, "--dry-run"));
  const duration = timed(() => seawall("eval", ...flags, "--out", at("alone")));
  const [result, journal] = [resultOf(at("alone")), journalOf(at("alone")).join("\n")];
  const compare = (what, dir) => {
    const same = resultOf(dir) === result && journalOf(dir).join("\n") === journal;
    console.log(`${same ? "same" : "DIFFERENT"}  ${what}`);
    if (!same) process.exitCode = 1;
  };
  for (let left = Number(kills), run = 1; left > 0; run++) {
    // Spread so that the run is about to end when it has been killed often enough.
    const spread = 2 * (start + (duration - start) / left);
    const killed = await killAndResume(flags, at(`killed${run}`), left, spread, `${seed} ${run}`);
    compare(`killed ${killed} times and resumed`, at(`killed${run}`));
    left -= killed;
  }
  for (const size of ["1", "2", "5"]) {
    seawall("eval", ...flags, "--parallel", size, "--out", at(`batch${size}`));
    compare(`batch size ${size}`, at(`batch${size}`));
  }
  const rounds = runShards(flags, 2, at);
  compare(`two shards, each run ${rounds} times, merged`, at("merged"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
