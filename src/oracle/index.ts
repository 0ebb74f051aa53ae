/** The user's model: opened, brought to one form, and asked for losses and gradients. */
export type { StepFragment } from "../compile/index.js";
export type {
  Cost,
  ImageOracle,
  Oracle,
  OracleAnswer,
  OracleOptions,
  Prediction,
  Query,
} from "./answers/oracle.js";
export { transferOracle } from "./answers/transfer.js";
export {
  checkEstimate,
  checkGradient,
  type Differentiable,
  describeCheck,
  excuseJump,
  type GradientCheck,
  type GradientVerdict,
  largestGradientError,
  lossOf,
} from "./check.js";
export { type ExportedGradient, exportGradient } from "./export.js";
export type { ExportOptions } from "./exported.js";
export {
  findImage,
  type ImageInput,
  type ImageLayout,
  imageName,
  meanProblem,
  type Preprocessing,
  preprocessingGraph,
  rangeProblem,
  stdProblem,
  usualRange,
} from "./input.js";
export { jumpOf } from "./jumps.js";
export {
  type Model,
  type ModelOpener,
  type ModelOptions,
  modelOpener,
  type OpenedModel,
  openModel,
} from "./model.js";
export type { OpenModelOptions, PreparedModel } from "./open.js";
export { type Sliding, usualStride, windowGrid } from "./windows/grid.js";
