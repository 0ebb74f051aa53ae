/** Figures from counts: fractions in [0, 1], null if there is nothing to measure. */
import type { Counts } from "./counts.js";

/**
 * Share of the labelled pixels that are correct; null if no pixel is labelled.
 * The counts of one image give its accuracy, a sum over images gives the pooled accuracy.
 */
export function pixelAccuracy(counts: Counts): number | null {
  return counts.valid > 0 ? counts.correct / counts.valid : null;
}

/**
 * Mean accuracy of the images that have a labelled pixel. It equals the pooled accuracy only if all images have the same
 * number of labelled pixels.
 */
export function imageAccuracy(images: readonly Counts[]): number | null {
  return mean(images.map(pixelAccuracy));
}

/** Mean of TP / (TP + FN) over the classes that occur in the labels; null if none does. */
export function meanAccuracy(counts: Counts): number | null {
  return mean(ratios(counts.intersection, counts.labels));
}

/** TP / (TP + FP + FN) of each class; null if the union is empty. */
export function perClassIoU(counts: Pick<Counts, "intersection" | "union">): (number | null)[] {
  return ratios(counts.intersection, counts.union);
}

/** Mean IoU over the classes whose union is not empty; null if all unions are empty. */
export function meanIoU(counts: Pick<Counts, "intersection" | "union">): number | null {
  return mean(perClassIoU(counts));
}

/**
 * Mean of each image's own mIoU, over the images with a non-empty union (NmIoU of Halmosi et al., arXiv 2407.09150).
 * It differs from the data set's mIoU: all images have the same weight, so that losses on small objects show.
 */
export function imageMeanIoU(images: readonly Counts[]): number | null {
  return mean(images.map(meanIoU));
}

function ratios(numerators: readonly number[], denominators: readonly number[]): (number | null)[] {
  return numerators.map((numerator, s) => (denominators[s]! > 0 ? numerator / denominators[s]! : null));
}

/** Mean of the values that are not null, summed in order; null if there are none. */
export function mean(values: readonly (number | null)[]): number | null {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (value === null) continue;
    sum += value;
    count++;
  }
  return count > 0 ? sum / count : null;
}
