/** Opens the sessions of a training. */
import type { SessionOptions } from "../../runtime/index.js";
import { type NetworkBuilds, type NetworkOptions, TrainingNetwork } from "../loop/network.js";
import { OptimizerSteps } from "../loop/optimizer-steps.js";
import type { Learner } from "../loop/update.js";
import { openInParts } from "./parts.node.js";
import type { TrainingPlan } from "./plan.node.js";

/** Opens the network's passes and the optimizer's steps. */
export async function openLearner({ config, network, engine, builds }: TrainingPlan): Promise<Learner> {
  const { optimizer, weightDecay, clip, ema, momentum, nesterov } = config;
  const options = {
    ...{ optimizer, weightDecay, momentum, nesterov },
    ...(clip !== undefined && { clip }),
    ...(ema !== undefined && { averageDecay: ema }),
  };
  return {
    network: await openNetwork(network, builds, engine),
    optimizer: await OptimizerSteps.open(options, builds.layouts.groups, engine),
  };
}

export async function disposeLearner({ network, optimizer }: Learner): Promise<void> {
  await network.dispose();
  await optimizer.dispose();
}

/** Opens a network whose attack runs in workers where the batch has several parts. */
export function openNetwork(
  options: NetworkOptions,
  builds: NetworkBuilds,
  engine: SessionOptions,
): Promise<TrainingNetwork> {
  const { parts } = builds;
  if (parts === 1) return TrainingNetwork.open(options, builds, engine);
  return TrainingNetwork.open(options, builds, engine, (graph) => openInParts(graph, parts, engine));
}
