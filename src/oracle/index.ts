/** Opened models: x ↦ (loss, gradient). */
export type { Layout, Preprocessing } from "./input.js";
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
