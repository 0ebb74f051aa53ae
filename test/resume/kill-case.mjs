/** Kills a command at random moments, lets it end, and compares what it wrote with what it writes when left alone. */
import { join } from "node:path";
import { randomStream } from "../../dist/base/index.js";
import { differences, Workplace } from "./workplace.mjs";

/** A run is killed this often before it may end. */
const killsOfARun = 8;

/**
 * @param spec a case of cases.mjs
 * @param place an empty folder; a run with problems stays in it
 * @returns a tally: kills by signal, how many came before anything was written, runs compared, the longest time from
 * SIGINT or SIGTERM to the end of the process in seconds, how many kills met which kind of file half written, and the problems
 */
export async function killCase(spec, place, { kills, seed }) {
  const random = randomStream("kill", seed, spec.name);
  const alone = await leaveAlone(spec, join(place, "alone"));
  const tally = { SIGKILL: 0, SIGTERM: 0, SIGINT: 0, early: 0, runs: 0, slowest: 0, cut: {}, problems: [] };
  for (let left = kills, run = 1; left > 0 && run <= 2 * kills + 2; run++) {
    const work = new Workplace(spec, join(place, `run${run}`));
    const problems = [];
    let isOver = false;
    for (let k = 0; k < (spec.resumes ? killsOfARun : 1) && left > 0 && !isOver; k++) {
      const end = await work.startAndKill(momentOf(spec, alone, random), signalOf(random));
      problems.push(...unexpectedEnd(end));
      isOver = end.sent === undefined;
      if (isOver) continue;
      left--;
      tally[end.sent]++;
      if (!work.hasWritten()) tally.early++;
      for (const kind of work.beingWritten()) tally.cut[kind] = (tally.cut[kind] ?? 0) + 1;
      if (end.sent !== "SIGKILL") tally.slowest = Math.max(tally.slowest, end.took / 1000);
      problems.push(...work.torn(alone));
    }
    if (!isOver && !work.isComplete(alone)) problems.push(...unexpectedEnd(await work.startAndKill()));
    // What does not end in order has further problems, which say nothing new.
    if (problems.length === 0) problems.push(...work.leftovers(), ...differences(alone.files, work.files()));
    tally.runs++;
    tally.problems.push(...problems.map((problem) => `${work.folder}: ${problem}`));
    if (problems.length === 0) work.remove();
  }
  return tally;
}

/** The files that a case writes, and how long it takes until the first of them and until its end. */
async function leaveAlone(spec, folder) {
  const work = new Workplace(spec, folder);
  const earlier = work.files();
  const started = performance.now();
  const ended = work.startAndKill();
  const watch = work.whenWriting(ended).then(() => performance.now() - started);
  const end = await ended;
  if (end.code !== 0) throw new Error(`${spec.args.join(" ")} exited with ${end.code}\n${end.said}`);
  const duration = performance.now() - started;
  return { earlier, files: work.files(), duration, begins: Math.min(await watch, duration) };
}

/**
 * When to kill. A run that resumes: now and then before it has written anything, else within the share of its work after
 * which it ends when it has been killed often enough. One that begins anew: mostly while it writes its files, and more often
 * the first ones, as these are the large ones.
 * @returns milliseconds, and whether they count from the moment at which it begins to write
 */
function momentOf({ resumes }, { duration, begins }, random) {
  const work = duration - begins;
  const isEarly = random.next() < 0.2;
  const share = random.next();
  if (resumes) return { delay: isEarly ? share * begins : begins + (2 * share * work) / killsOfARun };
  return isEarly ? { delay: share * duration } : { delay: share ** 3 * work, whenWriting: true };
}

function signalOf(random) {
  const draw = random.next();
  return draw < 0.8 ? "SIGKILL" : draw < 0.9 ? "SIGTERM" : "SIGINT";
}

/** A process that was killed ends by the signal, or in order. */
function unexpectedEnd({ code, said, took, sent }) {
  const slow = sent && took > 5000 ? [`took ${(took / 1000).toFixed(1)} s to end by ${sent}:\n${said}`] : [];
  const expected = sent ? [sent, "SIGINT", 130] : [0];
  return expected.includes(code) ? slow : [`ended with ${code}:\n${said}`];
}
