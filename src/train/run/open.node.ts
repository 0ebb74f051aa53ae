/** Opens a planned training: its folder, state, sessions, batches and log. */
import { join } from "node:path";
import { type BatchStream, trainingBatches } from "../../data/index.node.js";
import type { Batch } from "../loop/network.js";
import { OptimizerSteps } from "../loop/optimizer-steps.js";
import type { Learner } from "../loop/update.js";
import { type Beginning, beginOrResume } from "./begin.node.js";
import { describeFolder, trainingFiles } from "./folder.node.js";
import { heldOutBatches } from "./held-out.node.js";
import { TrainingLog } from "./log.node.js";
import { openNetwork } from "./parts.node.js";
import type { TrainingPlan } from "./plan.node.js";

/** A training that is ready for its next update. */
export interface OpenTraining {
  readonly begun: Beginning;
  readonly learner: Learner;
  readonly stream: BatchStream;
  readonly heldOut: readonly Batch[] | undefined;
  readonly log: TrainingLog;
  /** The path of a file in the training's folder. */
  file(name: keyof typeof trainingFiles): string;
  dispose(): Promise<void>;
}

/**
 * Describes the folder or checks that it holds this training, and opens what the loop needs.
 * @throws SeawallError for a folder that holds another training, a checkpoint or weights of another network
 */
export async function openTraining(plan: TrainingPlan, signal?: AbortSignal): Promise<OpenTraining> {
  const { config, loop, training } = plan;
  describeFolder(plan);
  const begun = await beginOrResume(plan);
  const stream = trainingBatches(training, {
    ...plan.batches,
    from: begun.state.step * loop.accumulate,
    ...(signal && { signal }),
  });
  const heldOut = await heldOutBatches(plan);
  const log = new TrainingLog(config.out, begun.state.step);
  const learner = await openLearner(plan);
  return {
    ...{ begun, learner, stream, heldOut, log },
    file: (name) => join(config.out, trainingFiles[name]),
    async dispose() {
      await stream.dispose();
      await disposeLearner(learner);
    },
  };
}

/** Opens the optimizer's steps and the network's passes. */
export async function openLearner({ config, network, engine, builds }: TrainingPlan): Promise<Learner> {
  const { optimizer: name, weightDecay, clip, ema, momentum, nesterov } = config;
  const options = {
    ...{ optimizer: name, weightDecay, momentum, nesterov },
    ...(clip !== undefined && { clip }),
    ...(ema !== undefined && { averageDecay: ema }),
  };
  const optimizer = await OptimizerSteps.open(options, builds.layouts.groups, engine);
  return { optimizer, network: await openNetwork(network, builds, engine) };
}

export async function disposeLearner({ network, optimizer }: Learner): Promise<void> {
  await network.dispose();
  await optimizer.dispose();
}
