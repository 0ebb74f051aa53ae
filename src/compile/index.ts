/** The compiler: a traced model, losses and their gradients become programs of standard operators. */
export {
  appendGradients,
  compileProgram,
  type GradientDefinition,
  gradientProgram,
  type OutputValues,
  type ProgramDefinition,
} from "./compile.js";
export {
  appendClassMap,
  backwardProgram,
  checkDifferentiable,
  classMapSpec,
  evaluateProgram,
  logitsProgram,
  logitsSeed,
  predictProgram,
  type SegmentationModel,
  type StepFragment,
  stepProgram,
} from "./evaluation.js";
export { cpuThresholds, type Threshold, type ThresholdName } from "./lower/facts/thresholds.js";
export { lower } from "./lower/lower.js";
export { type Target, targetOf } from "./lower/target.js";
export {
  bindProgram,
  defineProgram,
  type Filled,
  openProgram,
  type Program,
  type ProgramSession,
  type Signature,
  type TensorSpec,
  type TensorSpecs,
  type TensorsOf,
  type ValuesOf,
} from "./program.js";
export { type Recompute, recomputeLevels, recomputing } from "./recompute.js";
export { checkStage, type Stage, type StageRules, stages } from "./stages.js";
export { type TracedGraph, type TraceRequest, trace } from "./trace.js";
