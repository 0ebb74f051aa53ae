/** Samples, transforms, label counts and class weights: the part of the room that runs in a page. */
export {
  addCounts,
  countLabelMap,
  countLabels,
  type LabelCounts,
  type LabelStats,
  labelStats,
} from "./counts.js";
export { classCount, ignored, type LabelScheme, labelReader } from "./labels.js";
export type { LabelVariant, OpenOptions } from "./options.js";
export { crop, type ImageRaster, type LabelRaster, type Raster, type Size, sizeText } from "./raster.js";
export { resizeBilinear, resizeNearest } from "./resize.js";
export { type DataSettings, type Dataset, makeSample, type Sample } from "./sample.js";
export {
  applyToImage,
  applyToLabels,
  centreCrop,
  maxPixels,
  planSteps,
  resizeShort,
  resizeTo,
  type Step,
  type Transform,
  type TransformOptions,
  transforms,
} from "./transform.js";
export { classWeights, vocPublishedWeights, vocTrainAugWeights } from "./weights.js";
