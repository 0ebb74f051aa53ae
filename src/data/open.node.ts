/** Opening data sets on disk. */
import { SeawallError } from "../base/index.js";
import { diskFiles, readBytes } from "./formats/files.node.js";
import { readImage, readImageSize } from "./formats/image.node.js";
import { readLabelFile } from "./formats/label-file.node.js";
import { stampOf } from "./formats/stamp.node.js";
import type { DataAccess } from "./layouts/layout.js";
import type { DataOptions } from "./layouts/options.js";
import { type FileDataset, openDataIn } from "./open.js";
import { type DataSpec, parseDataSpec } from "./spec.js";

/** The local disk. */
const disk: DataAccess = {
  ...diskFiles,
  stampOf,
  readBytes,
  readImage,
  readImageSize,
  readLabels: readLabelFile,
};

/**
 * Opens a data set on disk; see `openDataIn`.
 * @param source as written after `--data`, or a layout of the caller's own with its place
 * @throws SeawallError `config` for options that do not exist, `usage` for wrong ones, `data` for missing files and for an empty list
 */
export function openData(source: string | DataSpec, options: DataOptions = {}): Promise<FileDataset> {
  return openDataIn(disk, source, options);
}

/** Options of a training set, whose images are always whole and labelled. */
export type TrainingDataOptions = Omit<DataOptions, "labels" | "shard" | "transform" | "readAhead">;

/**
 * Opens a data set for training, by default its training split.
 * @throws SeawallError `usage` for wrong options or an unknown number of classes, `data` for missing files and for an
 * empty list
 */
export async function openTrainingData(
  source: string | DataSpec,
  options: TrainingDataOptions = {},
): Promise<FileDataset> {
  const { trainingSplit } = parseDataSpec(source, options.datasets).layout;
  const dataset = await openData(source, { ...options, split: options.split ?? trainingSplit });
  if (dataset.settings.classes === undefined) {
    throw new SeawallError(
      "usage",
      `--data ${dataset.spec}: the number of classes is not known; add --classes`,
    );
  }
  return dataset;
}
