/** A dry run: one update on the first batch, to know what a training takes. */
import { trainingBatches } from "../../data/index.node.js";
import type { Batch } from "../loop/network.js";
import { trainingStep } from "../loop/step.js";
import type { TrainingConfig } from "../settings/config.js";
import { initialState } from "../state/parameters.js";
import { beginningWeights } from "./init.node.js";
import { disposeLearner, openLearner } from "./learner.node.js";
import { batchOptions, planTraining, type TrainingPlan } from "./plan.node.js";

/** What one update took, and what follows for all. */
export interface RehearsalFigures {
  readonly updates: number;
  readonly secondsPerUpdate: number;
  /** Of all updates. */
  readonly seconds: number;
  /** Largest memory of the process so far. */
  readonly peakBytes: number;
  /** Parameters, gradient, moments and their spares. */
  readonly stateBytes: number;
  /** At the first update. */
  readonly loss: number;
}

/** Takes two updates on the first batches and times the second, since the first opens memory; writes nothing. */
export async function rehearseTraining(
  config: TrainingConfig,
  events: { readonly onNotice?: (sentence: string) => void } = {},
): Promise<{ readonly plan: TrainingPlan; readonly figures: RehearsalFigures }> {
  const plan = await planTraining(config);
  const { weights, notices } = await beginningWeights(plan.builds.training.parameters, config);
  for (const notice of [...plan.notices, ...notices]) events.onNotice?.(notice);
  const { layouts, averaging } = plan.format;
  const learner = await openLearner(plan, initialState(layouts, weights, config.optimizer, averaging));
  const stream = trainingBatches(plan.training, batchOptions(plan));
  try {
    const batches: Batch[] = [];
    for await (const batch of stream.batches()) if (batches.push(batch) === config.accumulate) break;
    const { loss } = await trainingStep(learner, batches, 0, plan.loop);
    const started = performance.now();
    await trainingStep(learner, batches, 0, plan.loop);
    const secondsPerUpdate = (performance.now() - started) / 1000;
    const updates = plan.loop.schedule.steps;
    const vectors = 2 * (1 + learner.state.moments.length) + 1 + (averaging ? 2 : 0);
    return {
      plan,
      figures: {
        ...{ updates, secondsPerUpdate, loss },
        seconds: updates * secondsPerUpdate,
        peakBytes: process.resourceUsage().maxRSS * 1024,
        stateBytes: 4 * vectors * layouts.learned.length,
      },
    };
  } finally {
    await stream.dispose();
    await disposeLearner(learner);
  }
}
