/** How far a figure of the images at hand may lie from that of all images like them: the percentile bootstrap. */
import { type RandomStream, randomStream } from "../../base/index.js";
import type { Counts } from "../../metric/index.js";

/** A figure of a resample; `weights[i]` says how often image i is in it. NaN where there is none. */
export type Statistic = (weights: Uint32Array) => number;

/** Lower and upper end. */
export type Interval = readonly [low: number, high: number];

/** Share of the resamples inside an interval. */
export const confidence = 0.95;

/** Enough for two digits of the ends; three times as many move them by less than they differ between seeds. */
export const resampleCount = 2000;

/**
 * An interval for each statistic, all from the same resamples of the images, which the seed alone decides.
 * @returns null instead of an interval where resampling says nothing: for a single image
 */
export function bootstrap(
  images: number,
  statistics: readonly Statistic[],
  seed: number,
): (Interval | null)[] {
  if (images < 2) return statistics.map(() => null);
  const values = statistics.map(() => new Float64Array(resampleCount));
  const weights = new Uint32Array(images);
  const stream = randomStream("bootstrap", seed, images);
  for (let sample = 0; sample < resampleCount; sample++) {
    draw(weights, stream);
    for (const [i, statistic] of statistics.entries()) values[i]![sample] = statistic(weights);
  }
  return values.map(intervalOf);
}

/** As many images as there are, with replacement. */
function draw(weights: Uint32Array, stream: RandomStream): void {
  weights.fill(0);
  for (let i = 0; i < weights.length; i++) weights[Math.floor(stream.next() * weights.length)]!++;
}

function intervalOf(values: Float64Array): Interval | null {
  const sorted = values.filter(Number.isFinite).sort();
  if (sorted.length === 0) return null;
  return [quantile(sorted, (1 - confidence) / 2), quantile(sorted, (1 + confidence) / 2)];
}

/** Between the two nearest values, in proportion. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return below + (at - Math.floor(at)) * (above - below);
}

/** Mean of the values that are not null. */
export function weightedMean(values: readonly (number | null)[]): Statistic {
  return (weights) => {
    let [sum, count] = [0, 0];
    for (const [i, value] of values.entries()) {
      if (value === null) continue;
      sum += weights[i]! * value;
      count += weights[i]!;
    }
    return sum / count;
  };
}

/** mIoU of the set that the weights make, over the classes with a non-empty union. */
export function weightedMIoU(images: readonly Counts[]): Statistic {
  const classes = images[0]!.union.length;
  const present = images.map(({ union }) => union.flatMap((count, s) => (count > 0 ? [s] : [])));
  return (weights) => {
    const [intersection, union] = [new Float64Array(classes), new Float64Array(classes)];
    for (const [i, counts] of images.entries()) {
      const weight = weights[i]!;
      if (weight === 0) continue;
      for (const s of present[i]!) {
        intersection[s]! += weight * counts.intersection[s]!;
        union[s]! += weight * counts.union[s]!;
      }
    }
    return meanRatio(intersection, union);
  };
}

function meanRatio(intersection: Float64Array, union: Float64Array): number {
  let [sum, present] = [0, 0];
  for (let s = 0; s < union.length; s++) {
    if (union[s] === 0) continue;
    sum += intersection[s]! / union[s]!;
    present++;
  }
  return sum / present;
}
