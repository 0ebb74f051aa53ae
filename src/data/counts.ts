/** How often each class occurs. */
import { invariant } from "../base/index.js";
import type { Dataset } from "./sample.js";

/** Pixels of a set of label maps. */
export interface LabelCounts {
  /** Pixels of each class; plain numbers, exact up to 2⁵³. */
  readonly classes: readonly number[];
  /** Pixels that count nowhere. */
  readonly ignored: number;
}

/** What a data set's labels look like. */
export interface LabelStats {
  /** Share of each class among the pixels that count; the shares sum to 1 unless no pixel counts. */
  readonly shares: readonly number[];
  /** Share of all pixels that count nowhere. */
  readonly voidShare: number;
  /** Classes without a pixel. */
  readonly absent: readonly number[];
}

/** Counts of one label map, −1 being ignored; `classes` is the length of the result, or the highest label + 1. */
export function countLabelMap(labels: Int32Array, classes = 0): LabelCounts {
  const counts: number[] = new Array(classes).fill(0);
  let ignored = 0;
  for (const label of labels) {
    if (label < 0) {
      ignored++;
      continue;
    }
    while (counts.length <= label) counts.push(0);
    counts[label]!++;
  }
  return { classes: counts, ignored };
}

/** The class that most pixels of a label map have, the lowest of several; −1 where nothing counts. */
export function majorityLabel(labels: Int32Array): number {
  const { classes } = countLabelMap(labels);
  return classes.indexOf(Math.max(...classes, 1));
}

/** The sum of two counts, as long as the longer one. */
export function addLabelCounts(a: LabelCounts, b: LabelCounts): LabelCounts {
  const length = Math.max(a.classes.length, b.classes.length);
  return {
    classes: Array.from({ length }, (_, k) => (a.classes[k] ?? 0) + (b.classes[k] ?? 0)),
    ignored: a.ignored + b.ignored,
  };
}

/**
 * Counts the labels of a whole data set, without opening an image.
 * @param onProgress told after each label map how many of how many are done
 */
export async function countLabels(
  dataset: Dataset,
  onProgress?: (done: number, of: number) => void,
): Promise<LabelCounts> {
  let counts: LabelCounts = countLabelMap(new Int32Array(0), dataset.settings.classes);
  for (let position = 0; position < dataset.length; position++) {
    counts = addLabelCounts(counts, countLabelMap(await dataset.readLabels(position)));
    onProgress?.(position + 1, dataset.length);
  }
  return counts;
}

/** Shares, void and absent classes of counts. */
export function labelStats({ classes, ignored }: LabelCounts): LabelStats {
  invariant(ignored >= 0 && classes.every((count) => count >= 0), "negative label count");
  const counted = classes.reduce((sum, count) => sum + count, 0);
  return {
    shares: classes.map((count) => count / Math.max(counted, 1)),
    voidShare: ignored / Math.max(counted + ignored, 1),
    absent: classes.flatMap((count, k) => (count === 0 ? [k] : [])),
  };
}
