/** The sessions of a training, as its configuration says. */
import type { SessionOptions } from "../runtime/index.js";
import { TrainingNetwork } from "./network.js";
import { Updater } from "./optimize.js";
import type { TrainingState } from "./parameters.js";
import type { TrainingPlan } from "./plan.node.js";
import type { Learner } from "./step.js";

/** Opens the sessions over a state. */
export async function openLearner(plan: TrainingPlan, state: TrainingState): Promise<Learner> {
  const { config, network, builds, format } = plan;
  const { optimizer, weightDecay, clip, ema, momentum, nesterov, threads, device } = config;
  const engine: SessionOptions = { device, ...(threads !== undefined && { threads }) };
  const { groups } = format.layouts;
  return {
    network: await TrainingNetwork.open(network, builds, format.layouts, engine),
    updater: await Updater.open(
      {
        ...{ optimizer, weightDecay, momentum, nesterov },
        ...(clip !== undefined && { clip }),
        ...(ema !== undefined && { averageDecay: ema }),
      },
      groups,
      engine,
    ),
    state,
  };
}
