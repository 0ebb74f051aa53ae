/** Where a prediction is wrong: which class became which, near boundaries, and by the size of objects. */
import { type MapSize, nearBoundary } from "./boundary.js";
import { type Counts, ignoreLabel } from "./counts.js";
import { countObjects, objectSizes } from "./objects.js";
import { groups, Tally } from "./tally.js";

/**
 * Counts of an image beyond `Counts`, sparse: whole numbers one after another, ordered by their first ones, entries
 * without a pixel left out. An object is a connected part (through the four neighbours) of pixels with one label.
 */
export interface CountDetails {
  /** Wrong pixels: label, predicted class, their number. */
  readonly confusion: readonly number[];
  /** Near a boundary of the labels: class, TP, TP + FP + FN. */
  readonly boundary: readonly number[];
  /** Of objects: label, size (0 small, 1 medium, 2 large), TP, their pixels. */
  readonly objects: readonly number[];
}

/**
 * Details of a prediction that `countPixels` has counted.
 * @param prediction class indices, H·W row by row
 * @param labels class indices, −1 where a pixel counts nowhere
 */
export function countDetails(
  prediction: ArrayLike<number>,
  labels: ArrayLike<number>,
  size: MapSize,
): CountDetails {
  const confusion = new Tally(2, 1);
  const boundary = new Tally(1, 2);
  const near = nearBoundary(labels, size);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const [label, guess] = [labels[pixel]!, prediction[pixel]!];
    if (label === ignoreLabel) continue;
    if (label !== guess) confusion.add([label, guess], [1]);
    if (!near[pixel]) continue;
    boundary.add([label], label === guess ? [1, 1] : [0, 1]);
    if (label !== guess) boundary.add([guess], [0, 1]);
  }
  return {
    confusion: confusion.list(),
    boundary: boundary.list(),
    objects: countObjects(prediction, labels, size),
  };
}

/** What contradicts what in an image's counts and details; undefined if nothing does. */
export function detailsProblem(
  { intersection, union, labels }: Counts,
  details: CountDetails,
): string | undefined {
  const classes = labels.length;
  if (hasOtherClass(details, classes)) return `details speak of a class above ${classes - 1}`;
  const sums = () => new Float64Array(classes);
  const [missed, mistaken, hits, pixels] = [sums(), sums(), sums(), sums()];
  for (const [label, guess, n] of groups(details.confusion, 3)) {
    if (label === guess) return "confusion has a right pixel";
    missed[label!]! += n!;
    mistaken[guess!]! += n!;
  }
  for (const [label, size, tp, area] of groups(details.objects, 4)) {
    if (size! >= objectSizes.length || tp! > area!)
      return "objects has no such size, or too many right pixels";
    hits[label!]! += tp!;
    pixels[label!]! += area!;
  }
  for (const [s, tp, all] of groups(details.boundary, 3)) {
    if (!(tp! <= intersection[s!]! && all! - tp! <= union[s!]! - intersection[s!]!))
      return "boundary has more pixels than the image";
  }
  for (let s = 0; s < classes; s++) {
    if (missed[s] !== labels[s]! - intersection[s]! || mistaken[s] !== union[s]! - labels[s]!)
      return "confusion does not fit intersection, union and labels";
    if (hits[s] !== intersection[s] || pixels[s] !== labels[s])
      return "objects do not fit intersection and labels";
  }
  return undefined;
}

function hasOtherClass({ confusion, boundary, objects }: CountDetails, classes: number): boolean {
  const other = (s: number | undefined) => !(s! < classes);
  return (
    [...groups(confusion, 3)].some(([label, guess]) => other(label) || other(guess)) ||
    [...groups(boundary, 3)].some(([s]) => other(s)) ||
    [...groups(objects, 4)].some(([s]) => other(s))
  );
}
