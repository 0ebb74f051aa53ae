/** Figures of merit from counts: fractions in [0, 1], null where there is nothing to measure. */
import type { Counts } from "./counts.js";

/**
 * Share of the labelled pixels that are right; null where no pixel is labelled.
 * Of one image: its accuracy. Of a sum over images: the pooled accuracy.
 */
export function pixelAccuracy(counts: Counts): number | null {
  return counts.valid > 0 ? counts.correct / counts.valid : null;
}

/**
 * Mean over images of each image's accuracy; an image without a labelled pixel has none and is left out.
 * Equals the pooled accuracy only where all images have as many labelled pixels.
 */
export function imageAccuracy(images: readonly Counts[]): number | null {
  return mean(images.map(pixelAccuracy));
}

/** Mean over the classes that occur in the labels of TP / (TP + FN); null if none occurs. */
export function meanAccuracy(counts: Counts): number | null {
  return mean(ratios(counts.intersection, counts.labels));
}

/** TP / (TP + FP + FN) of each class; null where the union is empty. */
export function perClassIoU(counts: Pick<Counts, "intersection" | "union">): (number | null)[] {
  return ratios(counts.intersection, counts.union);
}

/** Mean IoU over the classes whose union is not empty; null if every union is. */
export function meanIoU(counts: Pick<Counts, "intersection" | "union">): number | null {
  return mean(perClassIoU(counts));
}

/**
 * Mean over images of each image's own mIoU, images without a labelled pixel left out.
 * Not the data set's mIoU: it weighs an object by its image and so shows losses on small ones
 * (NmIoU of Halmosi et al., arXiv 2407.09150).
 */
export function imageMeanIoU(images: readonly Counts[]): number | null {
  return mean(images.map(meanIoU));
}

function ratios(numerators: readonly number[], denominators: readonly number[]): (number | null)[] {
  return numerators.map((numerator, s) => (denominators[s]! > 0 ? numerator / denominators[s]! : null));
}

/** Mean of the values that are not null, summed in their order; null if there are none. */
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
