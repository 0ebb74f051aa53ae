/**
 * Mutated files through the program, for as long as wanted:
 *
 *     npm run fuzz -- --minutes 60 [--seed N] [--format onnx,journals] [--files N] [--keep DIR]
 *
 * --minutes and --files are shared out among the formats. Prints a row for each format, every minute and at its end, and
 * exits with 1 if there is a finding. DIR (default: fuzz-findings) then has its files, and the command that shows it.
 */
import { parseArgs } from "node:util";
import { build } from "../../tools/build.mjs";

const { values: flags } = parseArgs({
  options: {
    minutes: { type: "string" },
    files: { type: "string" },
    seed: { type: "string", default: "1" },
    format: { type: "string" },
    keep: { type: "string", default: "fuzz-findings" },
  },
});

await build();
const { formats } = await import("./formats/index.mjs");
const { fuzz } = await import("./fuzz.mjs");

const names = flags.format?.split(",") ?? Object.keys(formats);
const files = flags.files && Math.ceil(Number(flags.files) / names.length);
const minutes = Number(flags.minutes ?? (files ? Infinity : 1)) / names.length;

let failed = false;
for (const format of names) {
  const start = performance.now();
  const isEnough = (count) => count >= (files ?? Infinity) || performance.now() > start + 60_000 * minutes;
  let told = start;
  const onCase = (tally) => {
    if (performance.now() < told + 60_000) return;
    told = performance.now();
    console.log(`${row(tally)} so far`);
  };
  const tally = await fuzz(format, { seed: flags.seed, isEnough, keep: flags.keep, onFinding: tell, onCase });
  console.log(row(tally));
  failed ||= tally.findings.length > 0;
}
if (failed) process.exitCode = 1;

function row({ format, files: count, accepted, refused, slowest, memory, findings }) {
  return (
    `${format.padEnd(15)} ${count} files: ${accepted} accepted, ${refused} refused, ${findings.length} findings; ` +
    `slowest ${slowest.toFixed(1)} s, largest ${(memory / 2 ** 20).toFixed(0)} MiB`
  );
}

function tell({ format, number, mutation, problem }) {
  console.log(`${format} ${number}, ${mutation}: ${problem}`);
}
