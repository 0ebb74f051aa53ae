/** The table of key maps. A checkpoint uses the first key map whose marker key it contains, so the order matters. */

import { classifierKeyMaps } from "./classifier.js";
import type { KeyMap } from "./key-map.js";
import { pspnetKeyMaps } from "./pspnet.js";
import { segformerKeyMaps } from "./segformer.js";
import { segmenterKeyMaps } from "./segmenter.js";
import { swinKeyMaps } from "./swin.js";
import { upernetKeyMaps } from "./upernet.js";

export const keyMaps = {
  ...upernetKeyMaps,
  ...swinKeyMaps,
  ...segmenterKeyMaps,
  ...pspnetKeyMaps,
  ...segformerKeyMaps,
  ...classifierKeyMaps,
} satisfies Record<string, KeyMap>;

export type KeyMapName = keyof typeof keyMaps;
export { type KeyMap, type Reorder, trainingDrop } from "./key-map.js";
