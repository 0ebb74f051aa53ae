/** Opened models: x ↦ (loss, gradient). */
export { checkGradient, type Differentiable, type GradientCheck, largestGradientError } from "./check.js";
export { type ExportedGradient, exportGradient } from "./export.js";
export type { ExportOptions } from "./exported.js";
export { findImage, type ImageInput, imageName, type Layout, type Preprocessing } from "./input.js";
export { lower } from "./lower.js";
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
  Step,
} from "./oracle.js";
export { type TracedGraph, trace } from "./trace.js";
