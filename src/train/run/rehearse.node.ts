/** A dry run: two updates on the first batches, to know the time and memory of a training. */
import { type TrainingBatch, usualCacheBytes } from "../../data/index.node.js";
import { updateState } from "../loop/update.js";
import { validate } from "../loop/validate.js";
import type { TrainingConfig } from "../settings/config.js";
import { beginAnew } from "./begin.node.js";
import { heldOutBatches } from "./held-out.node.js";
import { openPasses } from "./open.node.js";
import { planTraining, type TrainingPlan } from "./plan.node.js";

/** Batches of an update that are rehearsed: with two, gradients are summed as with more, and no more memory is taken. */
const rehearsedBatches = 2;

/** Time and memory of one update, and the estimate for all. */
export interface RehearsalFigures {
  readonly updates: number;
  /** Batches of an update, and how many of them were rehearsed. */
  readonly accumulate: number;
  readonly batches: number;
  /** Estimate for all batches of an update: the time of those that were rehearsed, multiplied. */
  readonly secondsPerUpdate: number;
  /** Estimate for all updates. */
  readonly seconds: number;
  /** Largest memory of the process so far, and decoded images that the first epoch would add. */
  readonly peakBytes: number;
  /** Parameters, gradient, moments, and their average where one is kept. */
  readonly stateBytes: number;
  /** Loss at the first update. */
  readonly loss: number;
}

/** Updates are timed until they have taken so long together: one of a large network, several of a small one. */
const timedSeconds = 1;

/**
 * Times updates after the first one, which allocates memory, and validates for the memory of that. An update that sums many
 * batches is rehearsed with two of them. Writes nothing.
 */
export async function rehearseTraining(
  config: TrainingConfig,
  events: { readonly onNotice?: (sentence: string) => void } = {},
): Promise<{ readonly plan: TrainingPlan; readonly figures: RehearsalFigures }> {
  const plan = await planTraining(config);
  const { state, notices } = await beginAnew(plan);
  for (const notice of [...plan.notices, ...notices]) events.onNotice?.(notice);
  const { layouts, averaging } = plan.format;
  const heldOut = await heldOutBatches(plan);
  const { learner, stream, dispose } = await openPasses(plan, 0);
  try {
    const batches: TrainingBatch[] = [];
    const few = Math.min(rehearsedBatches, config.accumulate);
    for await (const batch of stream.batches()) if (batches.push(batch) === few) break;
    const first = await updateState(learner, state, batches, 0, plan.loop);
    const { loss } = first.report;
    let last = first.state;
    const seconds: number[] = [];
    while (seconds.reduce((sum, one) => sum + one, 0) < timedSeconds) {
      const started = performance.now();
      ({ state: last } = await updateState(learner, last, batches, 0, plan.loop));
      seconds.push((performance.now() - started) / 1000);
    }
    const median = seconds.sort((a, b) => a - b)[seconds.length >> 1]!;
    const secondsPerUpdate = median * (config.accumulate / few);
    const attack = { ...plan.validationAttack, steps: Math.min(1, plan.validationAttack.steps) };
    if (heldOut) await validate(learner.network, last, heldOut.slice(0, 1), attack, plan.classes);
    const updates = plan.loop.schedule.steps;
    const vectors = 2 + state.moments.length + (averaging ? 1 : 0);
    return {
      plan,
      figures: {
        ...{ updates, secondsPerUpdate, loss },
        ...{ accumulate: config.accumulate, batches: few },
        seconds: updates * secondsPerUpdate,
        peakBytes: process.resourceUsage().maxRSS * 1024 + bytesToKeep(batches, plan.training.length),
        stateBytes: 4 * vectors * layouts.learned.length,
      },
    };
  } finally {
    await dispose();
  }
}

/** Bytes of decoded pixels that are kept once all images were read, beyond those of these batches. */
function bytesToKeep(batches: readonly TrainingBatch[], images: number): number {
  const kept = batches.reduce((sum, { decodedBytes }) => sum + decodedBytes, 0);
  const read = new Set(batches.flatMap(({ ids }) => ids)).size;
  return Math.max(0, Math.min(usualCacheBytes, (kept / read) * images) - kept);
}
