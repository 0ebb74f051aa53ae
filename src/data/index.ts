/** Samples, transforms, augmentations, label counts and class weights: the part of the room that runs in a page. */

export { epochOrder, type StepPlan, stepsPerEpoch, trainingSteps } from "./batches/order.js";
export {
  addCounts,
  countLabelMap,
  countLabels,
  type LabelCounts,
  type LabelStats,
  labelStats,
  majorityLabel,
} from "./counts.js";
export {
  type Augmentation,
  type AugmentOptions,
  augmentImage,
  augmentLabels,
  type CompleteAugment,
  completeAugment,
  drawAugmentation,
} from "./pixels/augment.js";
export { gaussianBlur } from "./pixels/blur.js";
export { classCount, ignored, type LabelScheme, labelReader, type StoredLabels } from "./pixels/labels.js";
export {
  crop,
  type ImageRaster,
  type LabelRaster,
  type Part,
  padTo,
  type Raster,
  type Size,
  sizeText,
} from "./pixels/raster.js";
export { resizeBilinear, resizeBilinearPart, resizeNearest, resizeNearestPart } from "./pixels/resize.js";
export {
  applyToImage,
  applyToLabels,
  centreCrop,
  maxPixels,
  planSteps,
  resizeShort,
  type Step,
  type Transform,
  type TransformOptions,
  transforms,
} from "./pixels/transform.js";
export { type DataSettings, type Dataset, makeSample, type Sample } from "./sample.js";
export type { LabelVariant, OpenOptions } from "./sets/options.js";
export { dataFields } from "./settings.js";
export { classWeights, vocPublishedWeights, vocTrainAugWeights } from "./weights.js";
