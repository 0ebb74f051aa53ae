/** Two stored runs compared image by image: differences with bootstrap intervals, and who changed most. */
import { SeawallError } from "../base/index.js";
import type { StoredRun } from "../journal/index.node.js";
import { meanIoU, pixelAccuracy, sumCounts } from "../metric/index.js";
import {
  bootstrap,
  confidence,
  type Interval,
  resampleCount,
  type Statistic,
  weightedMean,
  weightedMIoU,
} from "./bootstrap.js";
import { type PairedImage, pairRuns } from "./paired.js";
import { type Series, seriesOf } from "./series.js";

export interface CompareOptions {
  /** Compare what both runs have although data or protocol differ; the differences stay named. */
  readonly allowDifferent?: boolean;
  /** Of the bootstrap's resamples; default 0. */
  readonly seed?: number;
  /** How many images that changed most are listed; default 5. */
  readonly top?: number;
}

/** One figure of both runs; fractions in [0, 1], `difference` and `interval` are second minus first. */
export interface ComparedFigure {
  readonly a: number;
  readonly b: number;
  readonly difference: number;
  /** null where it says nothing: for a single image. */
  readonly interval: Interval | null;
}

/** An image's accuracy in both runs. */
export interface ChangedImage {
  readonly image: string;
  readonly a: number;
  readonly b: number;
  readonly difference: number;
}

export interface ComparedRow {
  /** `clean`, an attack's name or `worst`: the worst case over the attacks of each run. */
  readonly subject: string;
  /** null for `clean`. */
  readonly eps: string | null;
  readonly aAcc: ComparedFigure;
  /** null where the runs have other numbers of classes. */
  readonly mIoU: ComparedFigure | null;
  /** Images whose accuracy is higher in the second run, lower, and the same. */
  readonly higher: number;
  readonly lower: number;
  readonly same: number;
  /** Those that changed most, largest change first. */
  readonly changed: readonly ChangedImage[];
}

export interface ComparedRun {
  readonly model: string;
  readonly sha256: string;
  readonly classes: number;
  /** The attacks that its worst case is over, and its radii. */
  readonly attacks: readonly string[];
  readonly eps: readonly string[];
}

export interface Comparison {
  readonly schemaVersion: 1;
  readonly a: ComparedRun;
  readonly b: ComparedRun;
  /** In data and protocol, a sentence each. */
  readonly differences: readonly string[];
  /** Images that both runs have. */
  readonly images: number;
  readonly bootstrap: { readonly resamples: number; readonly confidence: number; readonly seed: number };
  readonly rows: readonly ComparedRow[];
}

/**
 * Compares two stored runs, recomputing nothing but figures.
 * @throws SeawallError `usage` if data or protocol differ (unless allowed), or nothing is common to both; `data`
 * if no pixel of the common images has a label
 */
export function compareRuns(a: StoredRun, b: StoredRun, options: CompareOptions = {}): Comparison {
  const { allowDifferent = false, seed = 0, top = 5 } = options;
  const { images, differences } = pairRuns(a, b);
  if (!allowDifferent) refuseDifferences(differences);
  const series = seriesOf(images, a.description, b.description);
  refuseUnlabelled(series[0]!);
  const sameClasses = a.description.model.classes === b.description.model.classes;
  return {
    schemaVersion: 1,
    a: comparedRun(a),
    b: comparedRun(b),
    differences,
    images: images.length,
    bootstrap: { resamples: resampleCount, confidence, seed },
    rows: compareSeries(series, images, { sameClasses, seed, top }),
  };
}

function refuseDifferences(differences: readonly string[]): void {
  if (differences.length === 0) return;
  throw new SeawallError(
    "usage",
    `the runs differ in more than the model:\n  ${differences.join("\n  ")}\n` +
      "--allow-different compares what they have in common all the same",
  );
}

function refuseUnlabelled({ a, b }: Series): void {
  if (a.accuracy.some(({ valid }, i) => valid > 0 && b.accuracy[i]!.valid > 0)) return;
  throw new SeawallError("data", "no pixel of the images that both runs have carries a label");
}

function comparedRun({ description: { model, protocol } }: StoredRun): ComparedRun {
  const { file, sha256, classes } = model;
  return { model: file, sha256, classes, attacks: protocol.members, eps: protocol.eps };
}

interface RowOptions {
  readonly sameClasses: boolean;
  readonly seed: number;
  readonly top: number;
}

function compareSeries(
  series: readonly Series[],
  images: readonly PairedImage[],
  { sameClasses, seed, top }: RowOptions,
): ComparedRow[] {
  const changes = series.map((entry) => changesOf(entry, images));
  const statistics = [
    ...changes.map((list) => weightedMean(list.map((change) => change?.difference ?? null))),
    ...(sameClasses ? series.map(mIoUChange) : []),
  ];
  const intervals = bootstrap(images.length, statistics, seed);
  return series.map(({ subject, eps = null, a, b }, i) => ({
    subject,
    eps,
    aAcc: figure(meanOf(changes[i]!, "a"), meanOf(changes[i]!, "b"), intervals[i]!),
    mIoU: sameClasses
      ? figure(meanIoU(sumCounts(a.overlap))!, meanIoU(sumCounts(b.overlap))!, intervals[series.length + i]!)
      : null,
    ...tally(changes[i]!),
    changed: largest(changes[i]!, top),
  }));
}

function figure(a: number, b: number, interval: Interval | null): ComparedFigure {
  return { a, b, difference: b - a, interval };
}

function meanOf(changes: readonly (ChangedImage | null)[], side: "a" | "b"): number {
  return weightedMean(changes.map((change) => change?.[side] ?? null))(
    new Uint32Array(changes.length).fill(1),
  );
}

/** Image by image; null where an image has no accuracy in one of the runs. */
function changesOf({ a, b }: Series, images: readonly PairedImage[]): (ChangedImage | null)[] {
  return images.map(({ image }, i) => {
    const [before, after] = [pixelAccuracy(a.accuracy[i]!), pixelAccuracy(b.accuracy[i]!)];
    if (before === null || after === null) return null;
    return { image, a: before, b: after, difference: after - before };
  });
}

function mIoUChange({ a, b }: Series): Statistic {
  const [before, after] = [weightedMIoU(a.overlap), weightedMIoU(b.overlap)];
  return (weights) => after(weights) - before(weights);
}

function tally(changes: readonly (ChangedImage | null)[]) {
  const count = (holds: (difference: number) => boolean) =>
    changes.filter((change) => change && holds(change.difference)).length;
  return { higher: count((d) => d > 0), lower: count((d) => d < 0), same: count((d) => d === 0) };
}

function largest(changes: readonly (ChangedImage | null)[], top: number): ChangedImage[] {
  return changes
    .filter((change) => change !== null)
    .filter(({ difference }) => difference !== 0)
    .sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference))
    .slice(0, top);
}
