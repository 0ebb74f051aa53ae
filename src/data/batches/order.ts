/** The images of each training step: a function of the seed and the step number alone. */
import { randomStream, SeawallError } from "../../base/index.js";

/** The images of one training step. */
export interface StepPlan {
  /** Counted from 0 over the whole training. */
  readonly step: number;
  /** Number of the pass over the data set, counted from 0. */
  readonly epoch: number;
  /** Positions in the data set. */
  readonly positions: readonly number[];
}

/**
 * Number of full batches in an epoch. Remaining images are left out of that epoch.
 * @throws SeawallError `usage` when not even one batch is full
 */
export function stepsPerEpoch(images: number, batchSize: number): number {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1 || batchSize > images) {
    throw new SeawallError(
      "usage",
      `a batch of ${batchSize} images does not fit a data set of ${images}; use a batch size from 1 to ${images}`,
    );
  }
  return Math.floor(images / batchSize);
}

/** The steps from `from` on, endlessly. Every epoch has its own order of the images. */
export function* trainingSteps(
  images: number,
  batchSize: number,
  seed: number,
  from = 0,
): Generator<StepPlan> {
  const perEpoch = stepsPerEpoch(images, batchSize);
  for (let epoch = Math.floor(from / perEpoch), step = from; ; epoch++) {
    const order = epochOrder(images, seed, epoch);
    for (; step < (epoch + 1) * perEpoch; step++) {
      const start = (step - epoch * perEpoch) * batchSize;
      yield { step, epoch, positions: order.slice(start, start + batchSize) };
    }
  }
}

/** The positions 0 to `images` − 1, shuffled (Fisher–Yates). */
export function epochOrder(images: number, seed: number, epoch: number): number[] {
  const random = randomStream("order", seed, epoch);
  const order = Array.from({ length: images }, (_, i) => i);
  for (let last = images - 1; last > 0; last--) {
    const other = Math.floor(random.next() * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}
