/** What a soundness check is: a row of a table, with what it means and what to do. */

import type { Sample } from "../../data/index.js";
import type { Soundness } from "../../journal/index.js";
import type { Model } from "../../oracle/index.js";
import type { SessionOptions } from "../../runtime/index.js";
import type { RunView } from "./view.js";

/** What checks made before a run may look at. */
export interface Probe {
  readonly model: Model;
  readonly sample: Sample;
  readonly seed: number;
  /** How the run's engine is opened; default: as `openModel` does. */
  readonly engine?: SessionOptions;
}

/** Flat 1×K×H×W logits; each is found when it is first asked for. */
export interface ProbeLogits {
  /** Those of two passes through one session, opened as the run's. */
  twice(): Promise<readonly [Float32Array, Float32Array]>;
  /** Those of a pass without the engine's optimisations. */
  unoptimized(): Promise<Float32Array>;
}

/** What a check found; with `means` and `remedy` where those of what it found are not those of the check. */
export type CheckOutcome = Pick<Soundness, "status" | "detail" | "means" | "remedy">;

/** What every check says of itself, in half sentences. */
export interface CheckTexts {
  readonly raisedIf: string;
  readonly means: string;
  readonly remedy: string;
}

/** A check made once, before the first attack. */
export interface ModelCheck extends CheckTexts {
  /** @param logits what the model says of the probe's image, shared by all checks */
  run(probe: Probe, logits: ProbeLogits): Promise<CheckOutcome>;
}

/** A check of a run's records. */
export interface RecordCheck extends CheckTexts {
  run(view: RunView): CheckOutcome;
}
