/** The table of soundness checks. */
import type { RunDescription, RunRecord, Soundness } from "../../journal/index.js";
import type { CheckedRun, StoredRun } from "../../journal/index.node.js";
import { ball } from "./ball.js";
import { blackBox } from "./black-box.js";
import type { CheckOutcome, CheckTexts, ModelCheck, Probe, RecordCheck } from "./check.js";
import { convergence } from "./convergence.js";
import { determinism } from "./determinism.js";
import { edge } from "./edge.js";
import { engine } from "./engine.js";
import { finite } from "./finite.js";
import { gradient } from "./gradient.js";
import { gradients } from "./gradients.js";
import { labelsCheck } from "./labels.js";
import { logits } from "./logits.js";
import { probeLogits } from "./logits-of.js";
import { members } from "./members.js";
import { noiseCheck } from "./noise.js";
import { radius } from "./radius.js";
import { rounding } from "./rounding.js";
import { steps } from "./steps.js";
import { transfer } from "./transfer.js";
import { viewRecords } from "./view.js";

export type { Probe } from "./check.js";

/** Made before a run, on its first image. */
export const modelChecks: Readonly<Record<string, ModelCheck>> = { gradient, engine, determinism, logits };

/** Made of a run's records. */
export const recordChecks: Readonly<Record<string, RecordCheck>> = {
  labels: labelsCheck,
  finite,
  ball,
  gradients,
  edge,
  convergence,
  radius,
  steps,
  members,
  noise: noiseCheck,
  "black-box": blackBox,
  transfer,
  rounding,
};

/** All checks, in their order. */
export const checkNames: readonly string[] = [...Object.keys(modelChecks), ...Object.keys(recordChecks)];

/** Outcomes by the names of checks. */
export type CheckOutcomes = Readonly<Record<string, CheckOutcome>>;

/**
 * The outcomes of all checks of the model.
 * @param logitsChecked those of `checkLogits`, made in another thread meanwhile; default: they are made here
 */
export async function checkModel(probe: Probe, logitsChecked?: Promise<CheckOutcomes>): Promise<Soundness[]> {
  const { gradient: own, ...others } = modelChecks;
  const outcomes = {
    ...(await outcomesOf(probe, { gradient: own! })),
    ...(await (logitsChecked ?? outcomesOf(probe, others))),
  };
  return Object.entries(modelChecks).map(([name, check]) => soundnessOf(name, check, outcomes[name]!));
}

/** The outcomes of those checks that look at logits, and not at gradients. */
export function checkLogits(probe: Probe): Promise<CheckOutcomes> {
  const { gradient: _, ...others } = modelChecks;
  return outcomesOf(probe, others);
}

async function outcomesOf(
  probe: Probe,
  checks: Readonly<Record<string, ModelCheck>>,
): Promise<CheckOutcomes> {
  const found = probeLogits(probe);
  const outcomes: Record<string, CheckOutcome> = {};
  for (const [name, check] of Object.entries(checks)) outcomes[name] = await check.run(probe, found);
  return outcomes;
}

/**
 * The outcomes of all checks of the records; their order changes nothing.
 * @param run what it says of its data and attacks; default: labels are the values that files store, and every attack
 * starts by itself
 */
export function checkRecords(
  records: readonly RunRecord[],
  run?: Pick<RunDescription, "data" | "protocol">,
): Soundness[] {
  const view = viewRecords(records, run);
  return Object.entries(recordChecks).map(([name, check]) => soundnessOf(name, check, check.run(view)));
}

/** A stored run with the outcomes of all its checks; those of the records are made again, in the run's own order. */
export function checkRun<R extends StoredRun>(run: R): R & CheckedRun {
  const { description, records } = run;
  return { ...run, soundness: [...description.soundness, ...checkRecords(records, description)] };
}

function soundnessOf(check: string, { means, remedy }: CheckTexts, outcome: CheckOutcome): Soundness {
  const { status, detail } = outcome;
  return { check, status, detail, means: outcome.means ?? means, remedy: outcome.remedy ?? remedy };
}
