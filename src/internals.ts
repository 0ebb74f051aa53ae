/**
 * Parts for those who extend Seawall. Unlike the names of `seawall`, these may change in any release.
 *
 * @module seawall/internals
 */
export {
  type AttackFamily,
  type AttackStage,
  attackLosses,
  type RadiusSchedule,
  stagedApgd,
} from "./attack/index.js";
export {
  type DifferentiateRequest,
  nonDifferentiable,
  type Rule,
  rules,
  type TypedShape,
} from "./autodiff/index.js";
export { appendGradients as differentiate } from "./compile/index.js";
export {
  countLabels,
  type DataFiles,
  type DatasetTable,
  type Entry,
  findRoot,
  type LabelCounts,
  type LabelStats,
  type ListRequest,
  labelStats,
  pairFolders,
  parseDataSpec,
  readList,
} from "./data/index.js";
export {
  type AttackAtRadius,
  type CountedPoint,
  checkRecords,
  type EvaluationLoop,
  evaluationSchema,
  type ImageWorkerSettings,
} from "./evaluate/index.js";
export { planEvaluation, type RunPlan } from "./evaluate/index.node.js";
export { memoryJournal, resultSchema, type Soundness } from "./journal/index.js";
export { appendLoss, type LossFamily } from "./loss/index.js";
export { imageAccuracy, imageMeanIoU, leaveOneOut } from "./metric/index.js";
export {
  type Architecture,
  type ArchitectureDescription,
  describeArchitecture,
  extractWeights,
  fitWeights,
  initialWeights,
  type KeyMap,
  type KeyMapName,
  keyMaps,
  type ParameterSpec,
  translateCheckpoint,
  withWeights,
} from "./nn/index.js";
export { emptyGraph, GraphBuilder, type Node, simplify, type Value, type ValueInfo } from "./onnx/index.js";
export type { Differentiable } from "./oracle/index.js";
export { openKeeper } from "./report/index.node.js";
export { type Optimizer, scheduleFactor } from "./train/index.js";
export { planTraining, rehearseTraining, type TrainingPlan } from "./train/index.node.js";
