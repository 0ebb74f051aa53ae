/** The table of soundness checks. */
import type { RunRecord, Soundness } from "../../journal/index.js";
import { ball } from "./ball.js";
import type { ModelCheck, Probe, RecordCheck } from "./check.js";
import { engine } from "./engine.js";
import { gradient } from "./gradient.js";

export type { Probe } from "./check.js";

/** Made before a run, on its first image. */
export const modelChecks: Readonly<Record<string, ModelCheck>> = { gradient, engine };

/** Made of a run's records. */
export const recordChecks: Readonly<Record<string, RecordCheck>> = { ball };

/** The outcomes of all checks of the model. */
export async function checkModel(probe: Probe): Promise<Soundness[]> {
  const outcomes: Soundness[] = [];
  for (const [check, { run }] of Object.entries(modelChecks)) outcomes.push({ check, ...(await run(probe)) });
  return outcomes;
}

/** The outcomes of all checks of the records. */
export function checkRecords(records: readonly RunRecord[]): Soundness[] {
  return Object.entries(recordChecks).map(([check, { run }]) => ({ check, ...run(records) }));
}
