/** Data sets on disk. */
export { readClasses } from "./classes.node.js";
export { type DataSpec, type DatasetName, datasets, parseDataSpec } from "./datasets.node.js";
export { readImage } from "./image.node.js";
export { readLabelPng, type StoredLabels } from "./label-png.node.js";
export type { Entry, Layout } from "./layout.node.js";
export { openData } from "./open.node.js";
export { type CountedWeights, cachedClassWeights } from "./weights.node.js";
