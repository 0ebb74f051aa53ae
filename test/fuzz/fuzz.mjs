/** Mutated files through the program: each is accepted or refused by name, in bounded time and memory. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formats } from "./formats/index.mjs";
import { writeFiles } from "./formats/material.mjs";
import { Chance } from "./mutations/chance.mjs";
import { Contained, limits, modelMemory } from "./process/contained.mjs";
import { makePlace } from "./process/place.mjs";

const program = fileURLToPath(new URL("../../dist/bundle/main.js", import.meta.url));

/** One in so many cases also runs as a process of its own, the way a user starts it. */
const alsoAsProcess = 100;

/**
 * Runs mutated files of a format.
 * @param format a name in `formats`
 * @param seed decides every case, together with the format and the number of the case
 * @param isEnough is told how many cases have run
 * @param keep folder for the files of findings
 * @param onFinding is told of each finding
 * @param onCase is told the tally so far, after each case
 * @returns the tally of the format
 */
export async function fuzz(format, { seed, isEnough, keep, onFinding, onCase }) {
  const place = makePlace();
  const child = new Contained(place);
  const { material, makeCase } = formats[format];
  const tally = { format, files: 0, accepted: 0, refused: 0, slowest: 0, memory: 0, findings: [] };
  try {
    const given = await material();
    while (!isEnough(tally.files)) {
      const number = tally.files++;
      const mutated = makeCase(given, new Chance(seed, format, number));
      const outcome = await runCase(child, place, mutated);
      const problems = problemsOf(outcome, mutated, place);
      if (number % alsoAsProcess === 0 && "code" in outcome)
        problems.push(...asProcess(place, mutated, outcome.code));
      note(tally, outcome);
      for (const problem of problems) {
        const finding = {
          format,
          seed,
          number,
          mutation: mutated.mutation,
          problem,
          text: outcome.text,
        };
        tally.findings.push(finding);
        onFinding?.(finding);
        if (keep) store(join(keep, `${format}-${seed}-${number}`), mutated, finding);
      }
      onCase?.(tally);
    }
  } finally {
    await child.stop();
    rmSync(place.top, { recursive: true, force: true });
  }
  return tally;
}

async function runCase(child, { folder }, { files, args }) {
  writeCase(folder, files);
  return child.run(folder, args);
}

/** Makes a folder with the files of a case alone. */
function writeCase(folder, files) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFiles(folder, files);
}

/** What is wrong with an outcome, a sentence each. */
function problemsOf(outcome, mutated, { folder }) {
  const { code, text = "", died, exceeded, seconds, peak } = outcome;
  if (died) return [`the process ended: ${died}`];
  if (exceeded) return [`more ${exceeded} than any file may take`];
  return [
    ...(seconds > limits.seconds ? [`took ${seconds.toFixed(1)} s`] : []),
    ...(peak > limits.bytes ? [`took ${(peak / 2 ** 20).toFixed(0)} MiB`] : []),
    ...(/guard: .*/.exec(text) ?? []),
    ...refusalProblems(code, text, mutated, folder),
  ];
}

/** Exit codes: done; refused; a gate or a comparison that fails, which says what differs. */
const [done, refused, mismatch] = [0, 2, 3];

function refusalProblems(code, text, { named, valid = () => true }, folder) {
  if (code === done || code === mismatch)
    return valid(text, folder) ? [] : ["accepted, and what it gives is not valid"];
  if (code !== refused) return [`exit code ${code}: ${text.slice(0, 2000)}`];
  if (/\n\s+at .*:\d+:\d+/.test(text)) return ["a stack in the message"];
  // Lines are wrapped for the terminal.
  const words = text.replace(/\s+/g, " ");
  return named.some((name) => words.includes(name))
    ? []
    : [`refused without the name of the file: ${text.slice(text.indexOf("error:"), 1000)}`];
}

/** Runs a case as the user does, and compares. */
function asProcess({ folder, cache }, { files, args }, code) {
  if (args[0] === "view") return []; // It does not end by itself.
  writeCase(folder, files);
  const env = {
    PATH: process.env.PATH,
    HOME: cache,
    XDG_CACHE_HOME: cache,
    CI: "true",
    SEAWALL_MEMORY: modelMemory,
  };
  const ended = spawnSync(process.execPath, [program, ...args], { cwd: folder, env, timeout: 60_000 });
  if (ended.status === code) return [];
  return [`as a process: exit code ${ended.status ?? ended.signal} instead of ${code}: ${ended.stderr}`];
}

function note(tally, { code, seconds, peak }) {
  if (code === done || code === mismatch) tally.accepted++;
  if (code === refused) tally.refused++;
  tally.slowest = Math.max(tally.slowest, seconds);
  tally.memory = Math.max(tally.memory, peak);
}

/** Keeps the files of a finding with the command that shows it. */
function store(folder, { files, args }, finding) {
  writeCase(folder, files);
  const words = args.map((word) => (/^[\w./:,=-]+$/.test(word) ? word : JSON.stringify(word)));
  writeFileSync(join(folder, "command.txt"), `cd ${folder}\nseawall ${words.join(" ")}\n`);
  writeFileSync(join(folder, "finding.json"), JSON.stringify(finding, null, 2));
}
