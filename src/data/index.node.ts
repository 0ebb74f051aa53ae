/** The part of the data module that needs Node: data sets on disk. */
export {
  type BatchOptions,
  type BatchStream,
  type TrainingBatch,
  trainingBatches,
  usualCacheBytes,
} from "./batches/batches.node.js";
export type { LabelTarget } from "./batches/crops.node.js";
export { readClasses } from "./classes.node.js";
export { readImage } from "./formats/image.node.js";
export { readLabelFile } from "./formats/label-file.node.js";
export { readLabelMat } from "./formats/label-mat.node.js";
export { openData, openTrainingData, type TrainingDataOptions } from "./open.node.js";
export { type Overlap, overlap } from "./overlap.node.js";
export { type CountedWeights, cachedClassWeights } from "./weights.node.js";
