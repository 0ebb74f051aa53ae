/** Evaluation: the loop over radii, attacks and batches, and the checks of its soundness. */

export type { Finding } from "./doctor/finding.js";
export type { LabelTally } from "./doctor/labels.js";
export { type Evaluation, evaluate, type Samples } from "./evaluate.js";
export {
  type EvaluationConfig,
  type EvaluationInput,
  evaluationSchema,
  parseConfig,
  radiiOf,
} from "./plan/config.js";
export { modelOptions } from "./plan/model-options.js";
export { renamedSettings, renameSettings } from "./plan/renamed.js";
export type { ProgressEvent } from "./progress.js";
export { checkModel, checkRecords, modelChecks, recordChecks } from "./soundness/index.js";
export { compareRecords, type RecordVerdict } from "./verdict.js";
export {
  type CountedPoint,
  type Lane,
  type LaneSettings,
  localLane,
  type Outcome,
  passesOf,
  type Slot,
} from "./workers/lane.js";
export type { AttackTrace, TracedPass } from "./workers/trace.js";
