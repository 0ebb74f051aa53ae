/** Pixel counts: the only thing kept of a prediction, exact integers that add over images. */
import { invariant, SeawallError } from "../base/index.js";

/** The label of pixels that count nowhere. */
export const ignoreLabel = -1;

/**
 * What a prediction got right, in pixels. Ignored pixels are in none of the numbers.
 * Invariants: `correct` = Σ `intersection`, `valid` = Σ `labels`, Σ `union` = 2·`valid` − `correct`.
 */
export interface Counts {
  /** Pixels whose predicted class is their label. */
  readonly correct: number;
  /** Pixels that have a label. */
  readonly valid: number;
  /** Per class: TP. */
  readonly intersection: readonly number[];
  /** Per class: TP + FP + FN. */
  readonly union: readonly number[];
  /** Per class: TP + FN, the pixels that carry this label. */
  readonly labels: readonly number[];
}

/**
 * Counts a predicted class map against a label map; both flat and in the same order, H·W long.
 * @param prediction class indices 0 … classes − 1 (any numeric array that holds integers)
 * @param labels class indices, or −1 where a pixel counts nowhere
 * @throws SeawallError `data` for a label outside −1 … classes − 1
 */
export function countPixels(
  prediction: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): Counts {
  invariant(Number.isInteger(classes) && classes > 0, `${classes} classes to count`);
  invariant(
    prediction.length === labels.length,
    `${prediction.length} predicted pixels for ${labels.length} labels`,
  );
  invariant(typeof (labels[0] ?? 0) === "number", "labels are not plain numbers (64-bit integers?)");
  invariant(typeof (prediction[0] ?? 0) === "number", "predictions are not plain numbers (64-bit integers?)");

  const hits = new Float64Array(classes);
  const predicted = new Float64Array(classes);
  const labelled = new Float64Array(classes);
  let valid = 0;
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const label = labels[pixel]!;
    if (label === ignoreLabel) continue;
    const guess = prediction[pixel]!;
    // Indices that are no class write nothing into a typed array; the sums below show it.
    valid++;
    labelled[label]!++;
    predicted[guess]!++;
    if (guess === label) hits[label]!++;
  }

  if (total(labelled) !== valid || total(predicted) !== valid) throwUncountable(prediction, labels, classes);
  return {
    correct: total(hits),
    valid,
    intersection: Array.from(hits),
    union: Array.from(hits, (hit, s) => predicted[s]! + labelled[s]! - hit),
    labels: Array.from(labelled),
  };
}

/** Names the first pixel that cannot be counted. */
function throwUncountable(prediction: ArrayLike<number>, labels: ArrayLike<number>, classes: number): never {
  const isClass = (value: number) => Number.isInteger(value) && value >= 0 && value < classes;
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const label = labels[pixel]!;
    if (label === ignoreLabel) continue;
    if (!isClass(label)) {
      throw new SeawallError(
        "data",
        `label ${label} at pixel ${pixel}: expected a class from 0 to ${classes - 1}, or the ignore label; ` +
          "check --classes and --ignore-label",
      );
    }
    invariant(isClass(prediction[pixel]!), `predicted class ${prediction[pixel]} at pixel ${pixel}`);
  }
  invariant(false, "pixel counts do not add up");
}

/** Counts of nothing: the neutral element of `addPixelCounts`. */
export function noCounts(classes: number): Counts {
  const zeros = new Array<number>(classes).fill(0);
  return { correct: 0, valid: 0, intersection: zeros, union: zeros, labels: zeros };
}

/** The counts of two sets of pixels together. */
export function addPixelCounts(a: Counts, b: Counts): Counts {
  invariant(a.union.length === b.union.length, `counts of ${a.union.length} and ${b.union.length} classes`);
  return {
    correct: a.correct + b.correct,
    valid: a.valid + b.valid,
    intersection: a.intersection.map((count, s) => count + b.intersection[s]!),
    union: a.union.map((count, s) => count + b.union[s]!),
    labels: a.labels.map((count, s) => count + b.labels[s]!),
  };
}

/** The counts of a whole set of images. */
export function sumCounts(images: readonly Counts[]): Counts {
  invariant(images.length > 0, "a sum over no images");
  return images.reduce(addPixelCounts);
}

function total(counts: Float64Array): number {
  let sum = 0;
  for (let s = 0; s < counts.length; s++) sum += counts[s]!;
  return sum;
}
