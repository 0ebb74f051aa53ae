/** Opens a planned training: its folder, state, sessions, batches and log. */
import { type BatchStream, trainingBatches } from "../../data/index.node.js";
import type { Batch } from "../loop/network.js";
import { OptimizerSteps } from "../loop/optimizer-steps.js";
import type { Learner } from "../loop/update.js";
import { type Beginning, beginOrResume } from "./begin.node.js";
import { checkFolder, describeFolder } from "./folder.node.js";
import { heldOutBatches } from "./held-out.node.js";
import { TrainingLog } from "./log.node.js";
import { openNetwork } from "./parts.node.js";
import type { TrainingPlan } from "./plan.node.js";

/** A training that is ready for its next update. */
export interface OpenTraining extends TrainingPasses {
  readonly begun: Beginning;
  readonly heldOut: readonly Batch[] | undefined;
  readonly log: TrainingLog;
}

/**
 * Describes the folder or checks that it holds this training, and opens what the loop needs.
 * @throws SeawallError for a folder that holds another training, a checkpoint or weights of another network
 */
export async function openTraining(plan: TrainingPlan, signal?: AbortSignal): Promise<OpenTraining> {
  const { config, loop } = plan;
  checkFolder(plan);
  const begun = await beginOrResume(plan);
  const heldOut = await heldOutBatches(plan);
  const firstBatch = (begun.state.step / loop.replay) * loop.accumulate;
  const passes = await openPasses(plan, firstBatch, signal);
  // Only now: a training that cannot begin leaves a folder that the corrected command accepts.
  try {
    describeFolder(plan);
    const log = new TrainingLog(config.out, begun.state.step);
    return { ...passes, begun, heldOut, log };
  } catch (error) {
    await passes.dispose();
    throw error;
  }
}

/** The batches of a training and what learns from them. Both hold threads, which keep the process alive. */
export interface TrainingPasses {
  readonly learner: Learner;
  readonly stream: BatchStream;
  dispose(): Promise<void>;
}

/**
 * Opens batches and learner; if one of them fails, nothing stays open.
 * @param from number of the first batch
 */
export async function openPasses(
  plan: TrainingPlan,
  from: number,
  signal?: AbortSignal,
): Promise<TrainingPasses> {
  const stream = trainingBatches(plan.training, { ...plan.batches, from, ...(signal && { signal }) });
  const learner = await openLearner(plan).catch(async (error: unknown) => {
    await stream.dispose();
    throw error;
  });
  return {
    learner,
    stream,
    async dispose() {
      await stream.dispose();
      await learner.network.dispose();
      await learner.optimizer.dispose();
    },
  };
}

/** Opens the optimizer's steps and the network's passes. */
async function openLearner({ config, network, engine, builds }: TrainingPlan): Promise<Learner> {
  const { optimizer: name, weightDecay, clip, ema, momentum, nesterov } = config;
  const options = {
    ...{ optimizer: name, weightDecay, momentum, nesterov },
    ...(clip !== undefined && { clip }),
    ...(ema !== undefined && { averageDecay: ema }),
  };
  const optimizer = await OptimizerSteps.open(options, builds.layouts.groups, engine);
  return { optimizer, network: await openNetwork(network, builds, engine) };
}
