/** Percentile bootstrap over images: an interval for the figure of all images of the same kind. */
import { type RandomStream, randomStream } from "../../base/index.js";
import type { Counts } from "../counts.js";
import { confidence, type Interval } from "./student.js";

/** A figure of a resample. `weights[i]` is the number of times image i is in it. NaN if the figure does not exist. */
export type Statistic = (weights: Uint32Array) => number;

/** Enough for two digits of the ends: with three times as many they change less than between seeds. */
export const resampleCount = 2000;

/** With fewer images, resamples repeat a handful of them, and intervals are too narrow. */
export const fewImages = 20;

/**
 * An interval for each statistic, all from the same resamples of the images. Resamples depend on the seed alone.
 * @returns null in place of an interval for a single image, of which all resamples are equal
 */
export function bootstrap(
  images: number,
  statistics: readonly Statistic[],
  seed: number,
  resamples = resampleCount,
): (Interval | null)[] {
  if (images < 2) return statistics.map(() => null);
  const values = statistics.map(() => new Float64Array(resamples));
  const weights = new Uint32Array(images);
  const stream = randomStream("bootstrap", seed, images);
  for (let sample = 0; sample < resamples; sample++) {
    draw(weights, stream);
    for (const [i, statistic] of statistics.entries()) values[i]![sample] = statistic(weights);
  }
  return values.map(intervalOf);
}

/** Draws as many images as there are, with replacement. */
function draw(weights: Uint32Array, stream: RandomStream): void {
  weights.fill(0);
  for (let i = 0; i < weights.length; i++) weights[Math.floor(stream.next() * weights.length)]!++;
}

function intervalOf(values: Float64Array): Interval | null {
  const sorted = values.filter(Number.isFinite).sort();
  if (sorted.length === 0) return null;
  return [quantile(sorted, (1 - confidence) / 2), quantile(sorted, (1 + confidence) / 2)];
}

/** The quantile, interpolated linearly between the two nearest values. */
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

/** mIoU of the resample, over the classes with a non-empty union. */
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
