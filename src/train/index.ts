/** Adversarial training: graphs, optimizers, schedules, recipes, and the loop. */

export { attackProgram, type TrainableNetwork, traceNetwork, trainingProgram } from "./graphs/graphs.js";
export { type Optimizer, type OptimizerName, optimizers, updateGraph } from "./graphs/optimizers.js";
export { type AttackedImages, type InnerAttack, innerAttack } from "./loop/inner-attack.js";
export { type ScheduleOptions, scheduleFactor } from "./loop/schedules.js";
export type { EpochEvent, StepEvent } from "./loop/train.js";
export type { Validation, ValidationFigures } from "./loop/validate.js";
export {
  parseTrainingConfig,
  type TrainingConfig,
  type TrainingInput,
  trainingOptions,
  trainingSchema,
} from "./settings/config.js";
export { type Recipe, type RecipeName, recipes } from "./settings/recipes.js";
