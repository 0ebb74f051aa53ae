/** Opened models: x ↦ (loss, gradient). */
export type { StepFragment } from "../compile/index.js";
export { checkGradient, type Differentiable, type GradientCheck, largestGradientError } from "./check.js";
export { type ExportedGradient, exportGradient } from "./export.js";
export type { ExportOptions } from "./exported.js";
export { findImage, type ImageInput, imageName, type Layout, type Preprocessing } from "./input.js";
export { type Model, openModel } from "./model.js";
export type { OpenOptions, PreparedModel } from "./open.js";
export type {
  Cost,
  Evaluation,
  ImageOracle,
  Oracle,
  OracleOptions,
  Prediction,
  Query,
} from "./oracle.js";
