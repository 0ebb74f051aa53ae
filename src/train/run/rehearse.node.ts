/** A dry run: two updates on the first batches, to know the time and memory of a training. */
import type { Batch } from "../loop/network.js";
import { updateState } from "../loop/update.js";
import { validate } from "../loop/validate.js";
import type { TrainingConfig } from "../settings/config.js";
import { beginAnew } from "./begin.node.js";
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
  /** Largest memory of the process so far. */
  readonly peakBytes: number;
  /** Parameters, gradient, moments, and their average where one is kept. */
  readonly stateBytes: number;
  /** Loss at the first update. */
  readonly loss: number;
}

/**
 * Times the second of two updates, since the first one allocates memory, and validates for the memory of that. An update that
 * sums many batches is rehearsed with two of them. Writes nothing.
 */
export async function rehearseTraining(
  config: TrainingConfig,
  events: { readonly onNotice?: (sentence: string) => void } = {},
): Promise<{ readonly plan: TrainingPlan; readonly figures: RehearsalFigures }> {
  const plan = await planTraining(config);
  const { state, notices } = await beginAnew(plan);
  for (const notice of [...plan.notices, ...notices]) events.onNotice?.(notice);
  const { layouts, averaging } = plan.format;
  const { learner, stream, dispose } = await openPasses(plan, 0);
  try {
    const batches: Batch[] = [];
    const few = Math.min(rehearsedBatches, config.accumulate);
    for await (const batch of stream.batches()) if (batches.push(batch) === few) break;
    const first = await updateState(learner, state, batches, 0, plan.loop);
    const { loss } = first.report;
    const started = performance.now();
    const second = await updateState(learner, first.state, batches, 0, plan.loop);
    const secondsPerUpdate = ((performance.now() - started) / 1000) * (config.accumulate / few);
    const attack = { ...plan.validationAttack, steps: Math.min(1, plan.validationAttack.steps) };
    if (config.holdOut > 0)
      await validate(learner.network, second.state, batches.slice(0, 1), attack, plan.classes);
    const updates = plan.loop.schedule.steps;
    const vectors = 2 + state.moments.length + (averaging ? 1 : 0);
    return {
      plan,
      figures: {
        ...{ updates, secondsPerUpdate, loss },
        ...{ accumulate: config.accumulate, batches: few },
        seconds: updates * secondsPerUpdate,
        peakBytes: process.resourceUsage().maxRSS * 1024,
        stateBytes: 4 * vectors * layouts.learned.length,
      },
    };
  } finally {
    await dispose();
  }
}
