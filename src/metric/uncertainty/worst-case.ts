/** How far the worst case of a set may be off: for other images of the same kind, and with other starts of the attacks. */

import type { Counts } from "../counts.js";
import { pixelAccuracy } from "../figures.js";
import type { CountsTable } from "../table.js";
import { accuracyWorstChoice, pick, type WorstCase, worstCase } from "../worst.js";
import { bootstrap, weightedMIoU } from "./bootstrap.js";
import { type Interval, type MeanEstimate, meanEstimate } from "./student.js";

/** Enough for a report; a comparison, on whose interval decisions rest, draws more. */
const resamples = 1000;

/** Intervals for the worst case of all images of which those of the set are a sample. */
export interface SetInterval {
  /** The t-interval of the mean of the images' lowest accuracies, and its standard error. */
  readonly aAcc: Pick<MeanEstimate, "standardError" | "interval">;
  /** Percentile bootstrap over images, under the choice of attacks that has the worst-case mIoU. */
  readonly mIoU: { readonly interval: Interval };
}

/**
 * What the images being a sample leaves open, the attacks and their starts standing.
 * @param choice the choice of attacks of the worst-case mIoU
 * @param seed decides the resamples
 * @returns null for fewer than two images with a labelled pixel
 */
export function setInterval(
  table: CountsTable,
  { choice }: Pick<WorstCase, "choice">,
  seed: number,
): SetInterval | null {
  const isLabelled = ({ valid }: Counts) => valid > 0;
  const aAcc = meanEstimate(lowestAccuracies(table).filter((accuracy) => accuracy !== null));
  const chosen = pick(table, choice).filter(isLabelled);
  if (!aAcc) return null;
  const [mIoU] = bootstrap(chosen.length, [weightedMIoU(chosen)], seed, resamples);
  if (!mIoU) return null;
  const { standardError, interval } = aAcc;
  return { aAcc: { standardError, interval: fractions(interval) }, mIoU: { interval: mIoU } };
}

/** How far the worst cases of single seeds lie apart, the images standing. */
export interface SeedSpread {
  /** The worst case over the attacks of each seed alone. */
  readonly single: readonly { readonly seed: number; readonly aAcc: number; readonly mIoU: number }[];
  readonly aAcc: MeanEstimate;
  readonly mIoU: MeanEstimate;
  /** Mean over images of the deviation of an image's lowest accuracies, one for each seed. */
  readonly imageDeviation: number;
}

/**
 * The spread over seeds.
 * @param repeats the counts of the attacks of each seed; all of the same images
 * @returns null for fewer than two seeds, or if no image has a labelled pixel
 */
export function seedSpread(
  repeats: readonly { readonly seed: number; readonly attacks: CountsTable }[],
): SeedSpread | null {
  const single = repeats.flatMap(({ seed, attacks }) => {
    const { aAcc, mIoU } = worstCase(attacks, { seed });
    return aAcc === null || mIoU === null ? [] : [{ seed, aAcc, mIoU }];
  });
  const [aAcc, mIoU] = [single.map((one) => one.aAcc), single.map((one) => one.mIoU)].map(estimate);
  if (!aAcc || !mIoU) return null;
  const accuracies = repeats.map(({ attacks }) => lowestAccuracies(attacks));
  const deviations = accuracies[0]!.flatMap((first, image) =>
    first === null ? [] : [meanEstimate(accuracies.map((own) => own[image]!))!.deviation],
  );
  const imageDeviation = deviations.reduce((sum, deviation) => sum + deviation, 0) / deviations.length;
  return { single, aAcc, mIoU, imageDeviation };
}

function estimate(values: readonly number[]): MeanEstimate | null {
  const found = meanEstimate(values);
  return found && { ...found, interval: fractions(found.interval) };
}

/** Each image's lowest accuracy under any of the attacks; null where no pixel is labelled. */
function lowestAccuracies(table: CountsTable): (number | null)[] {
  return pick(table, accuracyWorstChoice(table)).map(pixelAccuracy);
}

/** An interval cut to [0, 1], outside of which there are no figures. */
function fractions([low, high]: Interval): Interval {
  return [Math.max(0, low), Math.min(1, high)];
}
