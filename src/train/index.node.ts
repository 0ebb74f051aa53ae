/** Trainings on disk. */
export { planTraining, type TrainingPlan } from "./plan.node.js";
export { type RehearsalFigures, rehearseTraining } from "./rehearse.node.js";
export { runTraining, type TrainingEvents, type TrainingOutcome, trainingFiles } from "./run.node.js";
