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

/**
 * Validates the weights that would be used: the average where one is kept. The last iterate of a short PGD is counted,
 * which is quick and serves to compare checkpoints of one training; it is no measure of robustness.
 * @param batches of the network's size; images that only fill up a batch have labels −1
 */
export async function validate(
  network: TrainingNetwork,
  state: TrainingState,
  batches: readonly Batch[],
  attack: InnerAttack,
  classes: number,
): Promise<Validation> {
  const used = { ...state, parameters: state.average ?? state.parameters };
  const clean: Counts[] = [];
  const robust: Counts[] = [];
  for (const [i, batch] of batches.entries()) {
    const labels = Array.from(batch.labels, Number);
    const count = async (images: Float32Array) =>
      countPixels(await network.predict(used, images), labels, classes);
    clean.push(await count(batch.images));
    const random = randomStream("validate", i);
    robust.push(await count((await innerAttack(network, used, batch, attack, random)).images));
  }
  return { clean: figuresOf(clean, classes), robust: figuresOf(robust, classes) };
}

function figuresOf(counts: readonly Counts[], classes: number): ValidationFigures {
  const sum = counts.length > 0 ? sumCounts(counts) : noCounts(classes);
  return { aAcc: pixelAccuracy(sum), mIoU: meanIoU(sum) };
}
