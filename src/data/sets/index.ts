/**
 * The table of data sets. Each row is a file of this folder named like the row; help, documentation, configuration
 * schema and errors are printed from the table.
 */
import type { DatasetLayout } from "../layouts/layout.js";
import { ade20k } from "./ade20k.js";
import { camvid } from "./camvid.js";
import { cityscapes } from "./cityscapes.js";
import { folder } from "./folder.js";
import { sbd } from "./sbd.js";
import { voc } from "./voc.js";

export const datasets = { folder, camvid, cityscapes, voc, sbd, ade20k } satisfies Record<
  string,
  DatasetLayout
>;

/** Name of a built-in data set: what stands before the colon in `--data`. */
export type DatasetName = keyof typeof datasets;
