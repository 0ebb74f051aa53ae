/** Accuracy on images that are not trained on: clean, and attacked for a few steps. */
import { randomStream } from "../../base/index.js";
import { type Counts, countPixels, meanIoU, noCounts, pixelAccuracy, sumCounts } from "../../metric/index.js";
import type { TrainingState } from "../state/state.js";
import { type InnerAttack, innerAttack } from "./inner-attack.js";
import type { Batch, TrainingNetwork } from "./network.js";

/** Shares of pixels and mean IoU over all images; null where no pixel is labelled. */
export interface ValidationFigures {
  readonly aAcc: number | null;
  readonly mIoU: number | null;
}

export interface Validation {
  readonly clean: ValidationFigures;
  readonly robust: ValidationFigures;
}

/** A held-out image at a validation. Maps of classes are row by row, −1 where a pixel counts nowhere. */
export interface ValidationExample {
  /** Position among the held-out images. */
  readonly index: number;
  /** C·H·W floats in [0, 1], as are those of `attacked`. */
  readonly image: Float32Array;
  readonly attacked: Float32Array;
  readonly labels: ArrayLike<number>;
  readonly prediction: ArrayLike<number>;
  readonly attackedPrediction: ArrayLike<number>;
}

/** So many of the first held-out images are examples. */
const exampleCount = 4;

/**
 * Validates the weights that would be used: the average where one is kept. The last iterate of a short PGD is counted,
 * which is quick and serves to compare checkpoints of one training; it is no measure of robustness.
 * @param batches of the network's size; images that only fill up a batch have labels −1
 * @param onExample gets the first few images
 */
export async function validate(
  network: TrainingNetwork,
  state: TrainingState,
  batches: readonly Batch[],
  attack: InnerAttack,
  classes: number,
  onExample?: (example: ValidationExample) => Promise<void>,
): Promise<Validation> {
  const used = { ...state, parameters: state.average ?? state.parameters };
  const clean: Counts[] = [];
  const robust: Counts[] = [];
  for (const [i, batch] of batches.entries()) {
    const labels = Array.from(batch.labels, Number);
    const prediction = await network.predict(used, batch.images);
    clean.push(countPixels(prediction, labels, classes));
    const random = randomStream("validate", i);
    const { images: attacked } = await innerAttack(network, used, batch, attack, random);
    const attackedPrediction = await network.predict(used, attacked);
    robust.push(countPixels(attackedPrediction, labels, classes));
    const arrays = { image: batch.images, attacked, labels, prediction, attackedPrediction };
    for (const example of examplesOf(arrays, i, labels.length / network.labels)) await onExample?.(example);
  }
  return { clean: figuresOf(clean, classes), robust: figuresOf(robust, classes) };
}

/** The examples in batch `i`; none of what only fills it up. */
function* examplesOf(
  { image, attacked, labels, prediction, attackedPrediction }: Omit<ValidationExample, "index">,
  i: number,
  images: number,
): Generator<ValidationExample> {
  for (let n = 0; n < images && i * images + n < exampleCount; n++) {
    const [from, to] = [n, n + 1].map((k) => (k * labels.length) / images) as [number, number];
    const map = (classes: ArrayLike<number>) => Array.prototype.slice.call(classes, from, to) as number[];
    const pixels = (planes: Float32Array) =>
      planes.subarray((n * planes.length) / images, ((n + 1) * planes.length) / images);
    if (map(labels).every((label) => label < 0)) continue;
    yield {
      index: i * images + n,
      image: pixels(image),
      attacked: pixels(attacked),
      labels: map(labels),
      prediction: map(prediction),
      attackedPrediction: map(attackedPrediction),
    };
  }
}

function figuresOf(counts: readonly Counts[], classes: number): ValidationFigures {
  const sum = counts.length > 0 ? sumCounts(counts) : noCounts(classes);
  return { aAcc: pixelAccuracy(sum), mIoU: meanIoU(sum) };
}
