/** Seawall as a library: the public names of its rooms, in the order in which an evaluation uses them. */
export {
  type Accounting,
  type Attack,
  type AttackSettings,
  apgd,
  attackLosses,
  attacks,
  type Ensemble,
  type EnsembleName,
  ensembles,
  type KeptPoint,
  type Norm,
  noise,
  norms,
  parseAttacks,
  pgd,
  type RadiusSchedule,
  square,
} from "./attack/index.js";
export {
  type DifferentiateRequest,
  differentiate,
  nonDifferentiable,
  type Rule,
  rules,
  type TypedShape,
} from "./autodiff/index.js";
export {
  type DataType,
  type ErrorCode,
  float32,
  int64,
  parseRadius,
  type Radius,
  type RandomStream,
  randomStream,
  SeawallError,
  type Tensor,
} from "./base/index.js";
export {
  countLabels,
  type Dataset,
  type LabelCounts,
  type LabelStats,
  labelStats,
  makeSample,
  type OpenOptions as OpenDataOptions,
  type Sample,
  type TransformOptions,
} from "./data/index.js";
export { datasets, openData, readClasses } from "./data/index.node.js";
export {
  type AttackFigures,
  type CountedPoint,
  type Evaluation,
  type EvaluationConfig,
  type EvaluationInput,
  evaluate,
  evaluationSchema,
  type Lane,
  type LaneSettings,
  localLane,
  type Outcome,
  type ProgressEvent,
  parseConfig,
  type Samples,
  type Slot,
} from "./evaluate/index.js";
export {
  planEvaluation,
  type RunEvents,
  type RunPlan,
  runEvaluation,
  version,
} from "./evaluate/index.node.js";
export {
  type Figures,
  type Journal,
  memoryJournal,
  type Result,
  type RunDescription,
  type RunRecord,
  resultSchema,
  type Soundness,
  summarize,
  type WorstFigures,
} from "./journal/index.js";
export { mergeRuns, readResult, readRun, type StoredRun } from "./journal/index.node.js";
export { appendLoss, type Loss, type LossName, losses } from "./loss/index.js";
export {
  type Counts,
  countPixels,
  imageAccuracy,
  imageMeanIoU,
  meanAccuracy,
  meanIoU,
  perClassIoU,
  pixelAccuracy,
  type WorstCase,
  worstCase,
} from "./metric/index.js";
export {
  type Architecture,
  type ArchitectureDescription,
  type ArchitectureName,
  architectures,
  type BuildOptions,
  type BuiltArchitecture,
  buildArchitecture,
  type ConvertOptions,
  type ConvertReport,
  convertCheckpoint,
  type Dialect,
  type DialectName,
  describeArchitecture,
  dialects,
  fitWeights,
  initialWeights,
  type ParameterSpec,
  translateCheckpoint,
  weightsOf,
  withWeights,
} from "./nn/index.js";
export {
  emptyGraph,
  type Graph,
  GraphBuilder,
  type Node,
  type ReadOptions,
  readModel,
  simplify,
  type Value,
  type ValueInfo,
  writeModel,
} from "./onnx/index.js";
export { readModelFile } from "./onnx/index.node.js";
export {
  checkGradient,
  type Differentiable,
  type ExportedGradient,
  type ExportOptions,
  exportGradient,
  type GradientCheck,
  type ImageOracle,
  type Layout,
  type Model,
  type OpenOptions as OpenModelOptions,
  type Oracle,
  type OracleOptions,
  openModel,
  type Prediction,
  type Preprocessing,
} from "./oracle/index.js";
export { checkGates, type GateOutcome, resultLines } from "./report/index.js";
export { type Device, type DeviceInfo, devices, openSession, type Session } from "./runtime/index.js";
export { type Weights, writeSafetensors } from "./weights/index.js";
export { readWeightsFile } from "./weights/index.node.js";
