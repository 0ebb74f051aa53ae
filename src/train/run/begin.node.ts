/** The state that a training begins with: its own last checkpoint, or new with weights that are drawn or given. */
import { existsSync } from "node:fs";
import { SeawallError, sizeOf, type Tensor } from "../../base/index.js";
import {
  adaptChannels,
  architectures,
  architecturesFor,
  fitWeights,
  initialWeights,
  type ParameterSpec,
  translateCheckpoint,
} from "../../nn/index.js";
import { readWeightsFile } from "../../weights/index.node.js";
import type { TrainingConfig } from "../settings/config.js";
import { loadCheckpoint } from "../state/checkpoint.node.js";
import { emptyHistory, type ValidationHistory } from "../state/history.js";
import { initialState, type TrainingState } from "../state/state.js";
import { trainingFile } from "./folder.node.js";
import type { TrainingPlan } from "./plan.node.js";

/** A state, what validations have shown so far, and what people should know about them. */
export interface Beginning {
  readonly state: TrainingState;
  readonly history: ValidationHistory;
  readonly notices: readonly string[];
}

/**
 * The state of the last checkpoint in the folder if the training is resumed, else a new state.
 * @throws SeawallError `training` or `weights` naming the file, if it belongs to another network
 */
export async function beginOrResume(plan: TrainingPlan): Promise<Beginning> {
  const { config, format, loop } = plan;
  const last = trainingFile(config.out, "last");
  if (!config.resume || !existsSync(last)) return beginAnew(plan);
  const stored = await loadCheckpoint(last, format);
  return {
    ...stored,
    notices: [`continuing after update ${stored.state.step} of ${loop.schedule.steps}`],
  };
}

/** A new state: weights from the checkpoint `init` where it has them, the rest drawn from the seed. */
export async function beginAnew({ config, format, builds }: TrainingPlan): Promise<Beginning> {
  const { weights, notices } = await firstWeights(builds.training.parameters, config);
  const { layouts, averaging, perturbation: shape } = format;
  const perturbation = shape && new Float32Array(sizeOf(shape));
  const state = { ...initialState(layouts, weights, config.optimizer, averaging), perturbation };
  return { state, history: emptyHistory, notices };
}

async function firstWeights(
  parameters: readonly ParameterSpec[],
  { init, architecture, seed }: TrainingConfig,
): Promise<{ weights: ReadonlyMap<string, Tensor>; notices: readonly string[] }> {
  if (init === undefined) return { weights: initialWeights(parameters, seed), notices: [] };
  const { tensors } = await readWeightsFile(init);
  try {
    const translation = adaptChannels(
      parameters,
      translateCheckpoint(tensors, architectures[architecture].family),
    );
    const fitted = fitWeights(parameters, translation, { allowMissing: true, seed });
    return { weights: fitted.weights, notices: [...translation.notices, ...fitted.notices] };
  } catch (error) {
    if (!(error instanceof SeawallError)) throw error;
    const fitting = architecturesFor(tensors);
    const hint = fitting.length > 0 ? `. It fits ${fitting.join(", ")}` : "";
    throw new SeawallError(error.code, `${init}: ${architecture}: ${error.message}${hint}`, { cause: error });
  }
}
