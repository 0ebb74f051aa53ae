/** Evaluation from files to files. */

export { type Inspection, inspect } from "./doctor/inspect.node.js";
export { version } from "./plan/version.node.js";
export { type WorkOptions, workForQueue } from "./queue/work.node.js";
export {
  type PointEvent,
  planEvaluation,
  type RunEvents,
  type RunPlan,
  type RunStage,
  runEvaluation,
} from "./run.node.js";
export { tryModel } from "./untrusted/trial.node.js";
export { type Verification, type VerifyOptions, verifyRun } from "./verify.node.js";
