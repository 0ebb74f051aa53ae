/** The rows of a comparison: both figures, their difference with its interval, and the images that changed most. */
import {
  bootstrap,
  type Interval,
  meanDifference,
  meanIoU,
  pixelAccuracy,
  type Statistic,
  sumCounts,
  weightedMean,
  weightedMIoU,
} from "../../metric/index.js";
import type { PairedImage } from "./paired.js";
import type { Series } from "./series.js";

/** One figure in both runs, as fractions in [0, 1]. `difference` and `interval` are of b − a. */
export interface ComparedFigure {
  readonly a: number;
  readonly b: number;
  readonly difference: number;
  /** For other images of the same kind; null for a single image. */
  readonly interval: Interval | null;
  /**
   * For other starts: Welch's 95 % interval for the difference of the mean worst cases of single seeds; null unless the
   * row is of the worst case and both runs have several seeds.
   */
  readonly starts: Interval | null;
}

/** An image's accuracy in both runs. */
export interface ChangedImage {
  readonly image: string;
  readonly a: number;
  readonly b: number;
  readonly difference: number;
}

export interface ComparedRow {
  /** `clean`, an attack's name, or `worst` for the worst case over the attacks of each run. */
  readonly subject: string;
  /** null for `clean`. */
  readonly eps: string | null;
  readonly aAcc: ComparedFigure;
  /** null if the runs have different numbers of classes. */
  readonly mIoU: ComparedFigure | null;
  /** Number of images whose accuracy is higher, lower and the same in the second run. */
  readonly higher: number;
  readonly lower: number;
  readonly same: number;
  /** The images that changed most, largest change first. */
  readonly changed: readonly ChangedImage[];
}

interface RowOptions {
  readonly sameClasses: boolean;
  readonly seed: number;
  readonly top: number;
}

/** A row for each series. All intervals use the same resamples. */
export function compareSeries(
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
  return series.map(({ subject, eps = null, a, b, seeds }, i) => ({
    subject,
    eps,
    aAcc: {
      ...figure(meanOf(changes[i]!, "a"), meanOf(changes[i]!, "b")),
      interval: intervals[i]!,
      starts: startsOf(seeds, "aAcc"),
    },
    mIoU: sameClasses
      ? {
          ...figure(meanIoU(sumCounts(a.overlap))!, meanIoU(sumCounts(b.overlap))!),
          interval: intervals[series.length + i]!,
          starts: startsOf(seeds, "mIoU"),
        }
      : null,
    ...tally(changes[i]!),
    changed: largest(changes[i]!, top),
  }));
}

function figure(a: number, b: number): Pick<ComparedFigure, "a" | "b" | "difference"> {
  return { a, b, difference: b - a };
}

function startsOf(seeds: Series["seeds"], key: "aAcc" | "mIoU"): Interval | null {
  if (!seeds?.a || !seeds.b) return null;
  const [a, b] = [seeds.a, seeds.b].map(({ single }) => single.map((one) => one[key]));
  return meanDifference(a!, b!);
}

function meanOf(changes: readonly (ChangedImage | null)[], side: "a" | "b"): number {
  return weightedMean(changes.map((change) => change?.[side] ?? null))(
    new Uint32Array(changes.length).fill(1),
  );
}

/** The change of each image; null if it has no accuracy in one of the runs. */
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
