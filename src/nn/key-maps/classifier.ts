/** Key maps of image classifiers. */
import { type KeyMap, ownClassifierDrop } from "./key-map.js";

export const classifierKeyMaps = {
  "classifier/seawall": {
    summary: "classifier as Seawall trains and saves it, with its head",
    family: "classifier",
    marker: ownClassifierDrop[0],
  },
} as const satisfies Record<string, KeyMap>;
