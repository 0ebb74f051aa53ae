/** The sessions of a training, as its configuration says. */
import type { SessionOptions } from "../../runtime/index.js";
import { type NetworkBuilds, type NetworkOptions, TrainingNetwork } from "../loop/network.js";
import { Updater } from "../loop/optimize.js";
import type { Learner } from "../loop/step.js";
import type { ParameterLayouts, TrainingState } from "../state/parameters.js";
import { openLanes } from "./lanes.node.js";
import type { TrainingPlan } from "./plan.node.js";

/** Opens the sessions over a state. */
export async function openLearner(plan: TrainingPlan, state: TrainingState): Promise<Learner> {
  const { config, network, engine, builds, format } = plan;
  const { optimizer, weightDecay, clip, ema, momentum, nesterov } = config;
  const { groups } = format.layouts;
  return {
    network: await openNetwork(network, builds, format.layouts, engine),
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

/** Ends the sessions of a training. */
export async function disposeLearner({ network, updater }: Learner): Promise<void> {
  await network.dispose();
  await updater.dispose();
}

/** Opens a network's sessions, its attack in lanes where there are some. */
export function openNetwork(
  options: NetworkOptions,
  builds: NetworkBuilds,
  layouts: ParameterLayouts,
  engine: SessionOptions,
): Promise<TrainingNetwork> {
  const { lanes } = builds;
  if (lanes === 1) return TrainingNetwork.open(options, builds, layouts, engine);
  return TrainingNetwork.open(options, builds, layouts, engine, (graph) => openLanes(graph, lanes, engine));
}
