/** Key maps of image classifiers. */
import type { KeyMap } from "./key-map.js";

export const classifierKeyMaps = {
  "classifier/seawall": {
    summary: "classifier on ConvNeXt as Seawall trains and saves it, with its head",
    family: "classifier",
    marker: /^classification_head\./,
  },
} as const satisfies Record<string, KeyMap>;
