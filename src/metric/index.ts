/** Metrics: integer counts, the figures made of them, and the worst case over an ensemble. No model. */
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
export { objectSizes } from "./objects.js";
export { type Confusion, type DetailSums, type RegionCounts, sumDetails } from "./regions.js";
export type { CountsTable } from "./table.js";
export { type WorstCase, worstCase } from "./worst.js";
