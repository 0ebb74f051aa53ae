/** Samples, transforms, augmentations, label counts and class weights: the part of the room that runs in a page. */
export {
  type Augmentation,
  type AugmentOptions,
  augmentImage,
  augmentLabels,
  type CompleteAugment,
  completeAugment,
  drawAugmentation,
} from "./augment.js";
export { gaussianBlur } from "./blur.js";
export {
  addCounts,
  countLabelMap,
  countLabels,
  type LabelCounts,
  type LabelStats,
  labelStats,
  majorityLabel,
} from "./counts.js";
export { classCount, ignored, type LabelScheme, labelReader, type StoredLabels } from "./labels.js";
export type { LabelVariant, OpenOptions } from "./options.js";
export { epochOrder, type StepPlan, stepsPerEpoch, trainingSteps } from "./order.js";
export {
  crop,
  type ImageRaster,
  type LabelRaster,
  type Part,
  padTo,
  type Raster,
  type Size,
  sizeText,
} from "./raster.js";
export { resizeBilinear, resizeBilinearPart, resizeNearest, resizeNearestPart } from "./resize.js";
export { type DataSettings, type Dataset, makeSample, type Sample } from "./sample.js";
export { dataFields } from "./settings.js";
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
} from "./transform.js";
export { classWeights, vocPublishedWeights, vocTrainAugWeights } from "./weights.js";
