/**
 * The data module: samples {image, labels, id, hash}, data sets, and batches for training. This index runs in a page;
 * `index.node.ts` adds what reads files.
 *
 * - `sets/` the table of data sets, one file a row; `layouts/` what a row declares, and helpers for listing files
 * - `formats/` decoders of image and label files; `pixels/` crops, resizing, augmentation, labels to classes
 * - `spec.ts` reads `--data`; `open.ts` opens a data set; `reader.ts` turns files into samples
 * - `batches/` batches for training: their order, the workers that make crops, the cache of decoded pixels
 * - `counts.ts`, `weights.ts`, `weights.node.ts` label counts, and class weights made of them
 * - `overlap.node.ts` images that two data sets share
 */

export { epochOrder, type StepPlan, stepsPerEpoch, trainingSteps } from "./batches/order.js";
export {
  addLabelCounts,
  countLabelMap,
  countLabels,
  type LabelCounts,
  type LabelStats,
  labelStats,
  majorityLabel,
} from "./counts.js";
export { decodeLabelPng, labelPngParts } from "./formats/label-png.js";
export { npyFile } from "./formats/npy.js";
export { isPng, type PngParts, unpackedBytes } from "./formats/png.js";
export { pngFile } from "./formats/png-file.js";
export type {
  DataAccess,
  DataFiles,
  DatasetLayout,
  DatasetTable,
  Entry,
  LabelVariant,
  Listing,
  ListRequest,
  PublishedEvaluation,
  StampedEntry,
} from "./layouts/layout.js";
export { findRoot, type PairOptions, pairFolders, readList } from "./layouts/listing.js";
export type { DataOptions } from "./layouts/options.js";
export { imagesByCost, type ShardOf } from "./layouts/shards.js";
export { type FileDataset, openDataIn } from "./open.js";
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
export {
  encodeImage,
  firstOfKind,
  type ImageEncoding,
  isOfBytes,
  type StoredForm,
  type StoredImage,
  type TellDecision,
} from "./pixels/encoding.js";
export { type AdviceFacts, labelAdvice } from "./pixels/label-advice.js";
export { labelMapText } from "./pixels/label-map.js";
export {
  classCount,
  ignoreLabelsOf,
  type LabelScheme,
  labelTable,
  toClasses,
} from "./pixels/labels.js";
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
export { distinctValues, ignored, type StoredLabels } from "./pixels/stored.js";
export {
  applyToImage,
  applyToLabels,
  centreCrop,
  maxPixels,
  planSteps,
  resizeShort,
  type Transform,
  type TransformOptions,
  type TransformStep,
  transforms,
} from "./pixels/transform.js";
export { type DataSettings, type Dataset, makeSample, type Sample } from "./sample.js";
export { type DatasetName, datasets } from "./sets/index.js";
export { vocPublishedWeights, vocTrainAugWeights } from "./sets/voc.js";
export { dataFields, encodingFields, imageEncoding } from "./settings.js";
export { type DataSpec, parseDataSpec } from "./spec.js";
export { classWeights } from "./weights.js";
