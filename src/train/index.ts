/** Adversarial training: graphs, optimizers, schedules, recipes, and the loop. */
export { type Attacked, type InnerAttack, innerAttack } from "./attack.js";
export {
  parseTrainingConfig,
  type TrainingConfig,
  type TrainingInput,
  trainingOptions,
  trainingSchema,
} from "./config.js";
export { attackGraph, gradientGraph, type TrainableNetwork, traceNetwork } from "./graphs.js";
export { type Optimizer, type OptimizerName, optimizers, updateGraph } from "./optimizers.js";
export { type Recipe, type RecipeName, recipes } from "./recipes.js";
export { type ScheduleOptions, scheduleFactor } from "./schedules.js";
export type { EpochEvent, StepEvent } from "./trainer.js";
export type { Validation, ValidationFigures } from "./validate.js";
