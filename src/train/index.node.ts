/** Trainings on disk. */
export { trainingFiles } from "./folder.node.js";
export { planTraining, type TrainingPlan } from "./plan.node.js";
export { type RehearsalFigures, rehearseTraining } from "./rehearse.node.js";
export { runTraining, type TrainingEvents, type TrainingOutcome } from "./run.node.js";
