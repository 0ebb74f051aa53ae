/** Data sets on disk. */
export {
  type BatchOptions,
  type BatchStream,
  type TrainingBatch,
  trainingBatches,
} from "./batches.node.js";
export { readClasses } from "./classes.node.js";
export type { LabelTarget } from "./crops.node.js";
export { type DataSpec, type DatasetName, datasets, parseDataSpec } from "./datasets.node.js";
export { readImage } from "./image.node.js";
export { readLabelMat } from "./label-mat.node.js";
export { readLabelPng } from "./label-png.node.js";
export type { Entry, Layout, StampedEntry } from "./layout.node.js";
export { type FileDataset, openData, openTrainingData, type TrainingDataOptions } from "./open.node.js";
export { type Overlap, overlap } from "./overlap.node.js";
export { type CountedWeights, cachedClassWeights } from "./weights.node.js";
