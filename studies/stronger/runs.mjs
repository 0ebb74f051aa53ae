/** The runs of the study, in folders that a second call finds again. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseAttacks, readResult, readRun, runEvaluation, summarize } from "../../dist/index.js";
import { ReportKeeper } from "../../dist/report/index.node.js";

/** Images whose attacks are traced, for the curves, and the seed of those runs. */
const traced = 8;
export const tracedSeed = 1;

/** Ensembles, the published ones first, and the run that has their attacks: `strongest` is the union of both. */
export const studied = {
  "sea-2023": "strongest",
  "sea-2024": "strongest",
  strongest: "strongest",
  surge: "surge",
  "surge-fast": "surge-fast",
};

/** @typedef {{ folder: string, result: object, records: object[], attacks: string[] }} Run what an ensemble found */

/**
 * Makes the runs of a bed with a seed.
 * @returns {Promise<Record<string, Run>>} by ensemble
 */
export async function makeRuns(root, { bed, steps, seed }) {
  const runs = {};
  for (const [ensemble, attacks] of Object.entries(studied)) {
    const out = join(root, `${bed.name}-${attacks}-${steps}-${seed}`);
    const run = await storedRun(bed, { attacks, steps, seed, out, trace: seed === tracedSeed ? traced : 0 });
    runs[ensemble] = partOf(run, ensemble);
  }
  return runs;
}

/** Makes a run, or finishes one that was interrupted; a complete one is read. */
export async function storedRun(bed, settings) {
  const { out } = settings;
  process.stderr.write(`${out}\n`);
  if (!existsSync(join(out, "result.json"))) await make(bed, settings);
  return { ...readRun(out), result: readResult(out), folder: out };
}

function make({ name: _, ...bed }, settings) {
  const { out, trace } = settings;
  const input = { ...bed, ...settings, report: false, threads: 1, resume: existsSync(out) };
  // It opens the folder, which is there at the first point.
  let keeper;
  const store = (point) => {
    keeper ??= new ReportKeeper(out);
    return keeper.add(point);
  };
  return runEvaluation(input, trace ? { onPoint: store } : {});
}

/** The attacks of an ensemble out of a run that has more; a run of the ensemble alone would have the same records. */
function partOf({ folder, description, records }, ensemble) {
  const attacks = parseAttacks(ensemble).map(({ name }) => name);
  const protocol = {
    ...description.protocol,
    attacks: ensemble,
    members: description.protocol.members.filter(({ name }) => attacks.includes(name)),
  };
  const own = records.filter(({ attack }) => attack === "clean" || attacks.includes(attack));
  return { folder, attacks, records: own, result: summarize({ ...description, protocol }, own) };
}
