/** Evaluation from files to files. */
export { type Inspection, inspect } from "./doctor/inspect.node.js";
export {
  type PointEvent,
  planEvaluation,
  type RunEvents,
  type RunPlan,
  type RunStage,
  runEvaluation,
} from "./run.node.js";
export { type Verification, type VerifyOptions, verifyRun } from "./verify.node.js";
export { version } from "./version.node.js";
