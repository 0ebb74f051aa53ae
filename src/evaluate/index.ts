/** Evaluation: the loop over radii, attacks and batches, and the checks of its soundness. */

export { Chain, type ChainOptions } from "./chain.js";
export { type DescribedPlan, descriptionOf } from "./describe.js";
export type { Finding } from "./doctor/finding.js";
export type { LabelTally } from "./doctor/labels.js";
export { type EvaluationLoop, evaluate, type Samples } from "./evaluate.js";
export { perturbedFiles } from "./perturbed.js";
export { attacksOf } from "./plan/attacks.js";
export {
  type EvaluationConfig,
  type EvaluationInput,
  evaluationSchema,
  parseConfig,
  radiiOf,
} from "./plan/config.js";
export { type DataChoice, dataOptionsOf, sizeNotice } from "./plan/data-options.js";
export { type FittingData, openFittingData } from "./plan/fit-data.js";
export { modelOptions } from "./plan/model-options.js";
export { renamedSettings, renameSettings } from "./plan/renamed.js";
export { pointsInMemory } from "./points.js";
export { Progress, type ProgressEvent } from "./progress.js";
export {
  checkModel,
  checkNames,
  checkRecords,
  checkRun,
  modelChecks,
  recordChecks,
} from "./soundness/index.js";
export { compareRecords, type RecordVerdict } from "./verdict.js";
export {
  type AttackAtRadius,
  type AttackedImage,
  type CountedPoint,
  type ImageWorker,
  type ImageWorkerSettings,
  localWorker,
  passesOf,
} from "./workers/image-worker.js";
export type { AttackTrace, TracedPass, Watched } from "./workers/trace.js";
