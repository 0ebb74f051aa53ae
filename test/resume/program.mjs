/** The built program as a process, and what it leaves in a run folder. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const program = fileURLToPath(new URL("../../dist/bundle/main.js", import.meta.url));

/** Runs `seawall` to its end; throws with what it said if it fails. @returns what it printed on stdout */
export function seawall(...flags) {
  const options = { encoding: "utf8", maxBuffer: 2 ** 28 };
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...flags], options);
  if (status !== 0) throw new Error(`seawall ${flags.join(" ")} exited with ${status}\n${stderr}`);
  return stdout;
}

/** A result without its times and the seal, which holds them, as text. */
export function resultOf(dir) {
  return timeless(readFileSync(join(dir, "result.json"), "utf8"));
}

/** The lines of a journal without their times and the seals, which hold them; sorted, since workers end in any order. */
export function journalOf(dir) {
  return unsealed(readFileSync(join(dir, "journal.jsonl"), "utf8"));
}

export const timeless = (json) => json.replace(/"(seconds|seal)": [^,\n]*/g, '"$1": 0');

export function unsealed(journal) {
  const lines = journal.split("\n");
  return lines.map((line) => line.replace(/"seconds":[^,]*,|,"seal":"[^"]*"/g, "")).sort();
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
