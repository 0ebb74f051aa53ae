/**
 * Kills commands that write files at random moments, and compares what they leave with the same command left alone:
 *
 *     npm run kill -- [--kills N] [--seed N] [--verb eval,train,…] [--keep DIR] [-- SEAWALL-EVAL-FLAGS…]
 *
 * `eval` and `train` are resumed until they end; the others are run again. Every verb is killed N times (20) in all over its
 * cases, by SIGKILL, and in a fifth of the times by SIGTERM or SIGINT, which must end it within 5 s. The seed decides the
 * moments; how far a command is at a moment is up to the machine. After every kill each file must be whole, and after the
 * end no temporary file may be left. Prints a row for each case, and exits with 1 if there is a problem; DIR (default: a
 * temporary folder) then has the files. With flags of `seawall eval` (paths absolute, without --out and --resume), that run
 * is killed and no other.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build } from "../../tools/build.mjs";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: "string", default: "20" },
    seed: { type: "string", default: "0" },
    verb: { type: "string" },
    keep: { type: "string" },
  },
});

await build();
const { casesOf, verbNames } = await import("./cases.mjs");
const { killCase } = await import("./kill-case.mjs");

const row = (verb, name, ...numbers) =>
  console.log(verb.padEnd(9) + name.padEnd(34) + numbers.map((number) => `${number}`.padStart(9)).join(""));
const root = resolve(flags.keep ?? mkdtempSync(join(tmpdir(), "seawall-kill-")));
const given = ["eval", ...positionals, "--out", "out", "--resume"];
let problems = 0;
row("verb", "case", "kills", "SIGKILL", "SIGTERM", "SIGINT", "early", "runs", "problems", "slowest");
for (const verb of positionals.length > 0 ? ["eval"] : (flags.verb?.split(",") ?? verbNames)) {
  const place = join(root, verb);
  mkdirSync(place, { recursive: true });
  const cases =
    positionals.length > 0 ? [{ name: "as given", args: given, resumes: true }] : await casesOf(verb, place);
  for (const [i, spec] of cases.entries()) {
    const upTo = (count) => Math.floor((Number(flags.kills) * count) / cases.length);
    const kills = upTo(i + 1) - upTo(i);
    const tally = await killCase(spec, join(place, `case${i + 1}`), { kills, seed: flags.seed });
    const { SIGKILL, SIGTERM, SIGINT, early, runs, slowest } = tally;
    const done = SIGKILL + SIGTERM + SIGINT;
    const found = tally.problems.length;
    row(verb, spec.name, done, SIGKILL, SIGTERM, SIGINT, early, runs, found, `${slowest.toFixed(1)} s`);
    const cut = Object.entries(tally.cut).map(([file, count]) => `${file} ${count}`);
    if (cut.length > 0) console.log(`  killed while it wrote: ${cut.join(", ")}`);
    for (const problem of tally.problems) console.log(`  ${problem}`);
    if (done < kills) console.log(`  ended before it was killed in ${kills - done} of ${kills} cases`);
    if (found > 0 || done < kills) problems++;
  }
}
if (problems > 0) process.exitCode = 1;
else rmSync(root, { recursive: true });
