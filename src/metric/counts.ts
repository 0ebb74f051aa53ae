/** Pixel counts of a prediction: exact integers that can be added over images. */
import { invariant, SeawallError } from "../base/index.js";

/** The label of ignored pixels, which do not count. */
export const ignoreLabel = -1;

/**
 * Pixel counts of one or more predictions. Ignored pixels do not count.
 * Invariants: `correct` = Σ `intersection`, `valid` = Σ `labels`, Σ `union` = 2·`valid` − `correct`.
 */
export interface Counts {
  /** Pixels whose predicted class is their label. */
  readonly correct: number;
  /** Pixels with a label. */
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
 * @param labels class indices, or −1 for ignored pixels
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
    // An index outside the typed arrays changes nothing; the sums below detect it.
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

/** @throws SeawallError `data` for the first pixel whose label is not a class; internal Error for a prediction */
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

/** Zero counts, the neutral element of `addPixelCounts`. */
export function noCounts(classes: number): Counts {
  const zeros = new Array<number>(classes).fill(0);
  return { correct: 0, valid: 0, intersection: zeros, union: zeros, labels: zeros };
}

/** The sum of two counts. */
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

/** The sum of the counts of images, of which there must be at least one. */
export function sumCounts(images: readonly Counts[]): Counts {
  invariant(images.length > 0, "a sum over no images");
  return images.reduce(addPixelCounts);
}

function total(counts: Float64Array): number {
  let sum = 0;
  for (let s = 0; s < counts.length; s++) sum += counts[s]!;
  return sum;
}
