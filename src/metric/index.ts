/**
 * Metrics: integer counts, figures computed from them, and the worst case over the attacks of a run. Knows no model.
 *
 * `counts.ts` turns a prediction and labels into integers per class, which add over images; `figures.ts` turns these
 * into accuracy and IoU. `table.ts` holds the counts of all attacks and images, and from it `worst.ts` computes the worst
 * case: accuracy exactly, mIoU by `search.ts`, with the lower bound of `bound.ts`; `gain.ts` compares two of them. `authors.ts` computes it as published
 * code does; `ablation.ts` leaves out one attack at a time. `uncertainty/` says how far the worst case may be
 * off: of other images, by `bootstrap.ts`, and with other starts; `student.ts` has the intervals of means.
 * `details.ts` counts where a prediction is wrong: confusions, pixels near boundaries (`boundary.ts`), objects by size
 * (`objects.ts`), in the sparse form of `tally.ts`; `regions.ts` sums them over images.
 */
export { leaveOneOut } from "./ablation.js";
export { type AuthorsVersion, type AuthorsWorstCase, authorsWorstCase } from "./authors.js";
export { addPixelCounts, type Counts, countPixels, ignoreLabel, noCounts, sumCounts } from "./counts.js";
export { type CountDetails, countDetails, detailsProblem } from "./details.js";
export {
  imageAccuracy,
  imageMeanIoU,
  meanAccuracy,
  meanIoU,
  perClassIoU,
  pixelAccuracy,
} from "./figures.js";
export { type Gain, gainOf } from "./gain.js";
export { objectSizes } from "./objects.js";
export { type Confusion, type DetailSums, type RegionCounts, sumDetails } from "./regions.js";
export type { CountsTable } from "./table.js";
export {
  bootstrap,
  fewImages,
  resampleCount,
  type Statistic,
  weightedMean,
  weightedMIoU,
} from "./uncertainty/bootstrap.js";
export {
  confidence,
  type Interval,
  type MeanEstimate,
  meanDifference,
  meanEstimate,
  studentQuantile,
} from "./uncertainty/student.js";
export { type SeedSpread, type SetInterval, seedSpread, setInterval } from "./uncertainty/worst-case.js";
export { type WorstCase, worstCase } from "./worst.js";
