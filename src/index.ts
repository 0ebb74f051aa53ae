/**
 * Seawall as a library: what users of it need. docs/library.md says what each name is for.
 *
 * @module seawall
 */
export {
  type Accounting,
  type Attack,
  type AttackMember,
  type AttackSettings,
  apgd,
  attacks,
  type Ensemble,
  type EnsembleName,
  ensembles,
  type KeptPoint,
  type Norm,
  noise,
  norms,
  parseAttacks,
  parseMembers,
  pgd,
  regionSearch,
  square,
} from "./attack/index.js";
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
export type { Plugin } from "./components/index.js";
export {
  type DataOptions,
  type DataSpec,
  type Dataset,
  type DatasetLayout,
  datasets,
  makeSample,
  type Sample,
  type TransformOptions,
} from "./data/index.js";
export { openData, readClasses } from "./data/index.node.js";
export {
  type AttackedImage,
  checkRun,
  type EvaluationConfig,
  type EvaluationInput,
  evaluate,
  type ImageWorker,
  localWorker,
  type ProgressEvent,
  parseConfig,
  type Samples,
} from "./evaluate/index.js";
export {
  type Inspection,
  inspect,
  type RunEvents,
  type RunStage,
  runEvaluation,
  type Verification,
  type VerifyOptions,
  verifyRun,
  version,
} from "./evaluate/index.node.js";
export {
  type AttackFigures,
  checkGates,
  type Figures,
  type GateOptions,
  type GateOutcome,
  type Journal,
  type Result,
  type RunDescription,
  type RunRecord,
  summarize,
  type WorstFigures,
} from "./journal/index.js";
export { type CheckedRun, mergeRuns, readResult, readRun, type StoredRun } from "./journal/index.node.js";
export {
  differentiated,
  type Loss,
  type LossName,
  type LossValue,
  losses,
  type PixelTerms,
} from "./loss/index.js";
export {
  type Counts,
  countPixels,
  meanAccuracy,
  meanIoU,
  perClassIoU,
  pixelAccuracy,
  type WorstCase,
  worstCase,
} from "./metric/index.js";
export {
  type ArchitectureName,
  architectures,
  type BuildOptions,
  type BuiltArchitecture,
  buildArchitecture,
  type ConvertOptions,
  type ConvertReport,
  convertCheckpoint,
} from "./nn/index.js";
export { type Graph, type ReadOptions, readModel, writeModel } from "./onnx/index.js";
export { readModelFile } from "./onnx/index.node.js";
export {
  checkGradient,
  type ExportedGradient,
  type ExportOptions,
  exportGradient,
  type GradientCheck,
  type ImageLayout,
  type ImageOracle,
  type Model,
  type OpenModelOptions,
  type Oracle,
  type OracleOptions,
  openModel,
  type Prediction,
  type Preprocessing,
} from "./oracle/index.js";
export {
  type CompareOptions,
  type Comparison,
  checkComparisonGates,
  compareRuns,
  comparisonLines,
  type ReportedRun,
  resultLines,
} from "./report/index.js";
export {
  htmlReport,
  type LocalServer as ViewServer,
  type ReportFormat,
  readReportedRun,
  serveRuns,
  writeReports,
} from "./report/index.node.js";
export { type Device, type DeviceInfo, devices, openSession, type Session } from "./runtime/index.js";
export {
  type EpochEvent,
  type OptimizerName,
  optimizers,
  parseTrainingConfig,
  type Recipe,
  type RecipeName,
  recipes,
  type StepEvent,
  type TrainingConfig,
  type TrainingInput,
  type Validation,
} from "./train/index.js";
export {
  runTraining,
  type TrainingEvents,
  type TrainingExample,
  type TrainingOptions,
  type TrainingOutcome,
} from "./train/index.node.js";
export { type Weights, writeSafetensors } from "./weights/index.js";
export { readWeightsFile } from "./weights/index.node.js";
