/** The dialects, by name; the first whose sign is among a file's keys is the file's. */

import { classifier } from "./classifier.js";
import type { Dialect } from "./key-map.js";
import { pspnet } from "./pspnet.js";
import { segformer } from "./segformer.js";
import { segmenter } from "./segmenter.js";
import { upernet } from "./upernet.js";

export const dialects = { ...upernet, ...segmenter, ...pspnet, ...segformer, ...classifier } satisfies Record<
  string,
  Dialect
>;

export type DialectName = keyof typeof dialects;
export { type Dialect, trainingDrop } from "./key-map.js";
