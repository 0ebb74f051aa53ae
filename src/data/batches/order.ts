/** Which images a training step sees: a function of the seed and the number of the step alone. */
import { randomStream, SeawallError } from "../../base/index.js";

/** The images of one training step. */
export interface StepPlan {
  /** Counted from 0 over the whole training. */
  readonly step: number;
  /** How often each image was seen before, counted from 0. */
  readonly epoch: number;
  /** Positions in the data set. */
  readonly positions: readonly number[];
}

/**
 * Full batches in an epoch; images that are left over wait for the next one.
 * @throws SeawallError `usage` when not even one batch is full
 */
export function stepsPerEpoch(images: number, batchSize: number): number {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1 || batchSize > images) {
    throw new SeawallError(
      "usage",
      `a batch of ${batchSize} images cannot be made of ${images}; use a batch size from 1 to ${images}`,
    );
  }
  return Math.floor(images / batchSize);
}

/** The steps from `from` on, without end; every epoch visits the images in an order of its own. */
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

/** The positions 0 to `images` − 1 shuffled (Fisher and Yates). */
export function epochOrder(images: number, seed: number, epoch: number): number[] {
  const random = randomStream("order", seed, epoch);
  const order = Array.from({ length: images }, (_, i) => i);
  for (let last = images - 1; last > 0; last--) {
    const other = Math.floor(random.next() * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}
