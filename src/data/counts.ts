/** Class frequencies in labels. */
import { invariant } from "../base/index.js";
import type { Dataset } from "./sample.js";

/** Pixel counts of one or several label maps. */
export interface LabelCounts {
  /** Number of pixels of each class; exact up to 2⁵³. */
  readonly classes: readonly number[];
  /** Number of ignored pixels. */
  readonly ignored: number;
}

/** Statistics of a data set's labels. */
export interface LabelStats {
  /** Share of each class among the pixels that count; the shares sum to 1 unless no pixel counts. */
  readonly shares: readonly number[];
  /** Share of all pixels that count nowhere. */
  readonly voidShare: number;
  /** Classes without a pixel. */
  readonly absent: readonly number[];
}

/**
 * Counts the labels of one label map; −1 is ignored.
 * @param classes the least length of the result, which always covers the highest label
 */
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

/** The most frequent class of a label map, the lowest among ties; −1 if all pixels are ignored. */
export function majorityLabel(labels: Int32Array): number {
  const { classes } = countLabelMap(labels);
  return classes.indexOf(Math.max(...classes, 1));
}

/** The sum of two counts, with the length of the longer one. */
export function addLabelCounts(a: LabelCounts, b: LabelCounts): LabelCounts {
  const length = Math.max(a.classes.length, b.classes.length);
  return {
    classes: Array.from({ length }, (_, k) => (a.classes[k] ?? 0) + (b.classes[k] ?? 0)),
    ignored: a.ignored + b.ignored,
  };
}

/**
 * Counts the labels of a whole data set, without reading images.
 * @param onProgress called after each label map with the number done and the total
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

/** Shares of the classes, share of ignored pixels, and absent classes. */
export function labelStats({ classes, ignored }: LabelCounts): LabelStats {
  invariant(ignored >= 0 && classes.every((count) => count >= 0), "negative label count");
  const counted = classes.reduce((sum, count) => sum + count, 0);
  return {
    shares: classes.map((count) => count / Math.max(counted, 1)),
    voidShare: ignored / Math.max(counted + ignored, 1),
    absent: classes.flatMap((count, k) => (count === 0 ? [k] : [])),
  };
}
