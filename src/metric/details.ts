/** Details of a prediction: confusions between classes, pixels near boundaries, and objects by size. */
import { type MapSize, nearBoundary } from "./boundary.js";
import { type Counts, ignoreLabel } from "./counts.js";
import { countObjects, objectSizes } from "./objects.js";
import { groups, Tally } from "./tally.js";

/**
 * Counts of one image in addition to `Counts`. Each list holds groups of integers, sorted by the first numbers of a
 * group, without groups that have no pixel. An object is a set of pixels with one label that is connected through the
 * four neighbours.
 */
export interface CountDetails {
  /** Wrong pixels, in groups of 3: label, predicted class, number of pixels. */
  readonly confusion: readonly number[];
  /** Pixels near a boundary of labels, in groups of 3: class, TP, TP + FP + FN. */
  readonly boundary: readonly number[];
  /** Objects, in groups of 4: label, size (0 small, 1 medium, 2 large), TP, pixels. */
  readonly objects: readonly number[];
}

/**
 * Counts the details of a prediction that `countPixels` accepts.
 * @param prediction class indices, H·W row by row
 * @param labels class indices, −1 for ignored pixels
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

/** The first contradiction between an image's counts and its details, as a text; undefined if there is none. */
export function detailsProblem(
  { intersection, union, labels }: Counts,
  details: CountDetails,
): string | undefined {
  const classes = labels.length;
  if (hasOtherClass(details, classes)) return `details contain a class above ${classes - 1}`;
  const sums = () => new Float64Array(classes);
  const [missed, mistaken, hits, pixels] = [sums(), sums(), sums(), sums()];
  for (const [label, guess, n] of groups(details.confusion, 3)) {
    if (label === guess) return "confusion contains correct pixels";
    missed[label!]! += n!;
    mistaken[guess!]! += n!;
  }
  for (const [label, size, tp, area] of groups(details.objects, 4)) {
    if (size! >= objectSizes.length || tp! > area!)
      return "objects contain an unknown size, or more correct pixels than pixels";
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
