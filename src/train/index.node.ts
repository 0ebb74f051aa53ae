/** Trainings on disk. */
export { trainingFiles } from "./run/folder.node.js";
export { planTraining, type TrainingPlan } from "./run/plan.node.js";
export { type RehearsalFigures, rehearseTraining } from "./run/rehearse.node.js";
export {
  runTraining,
  type TrainingEvents,
  type TrainingExample,
  type TrainingOptions,
  type TrainingOutcome,
} from "./run/run.node.js";
