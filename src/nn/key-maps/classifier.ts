/** Files of classifiers of whole images. */
import type { Dialect } from "./key-map.js";

export const classifier = {
  "classifier/seawall": {
    summary: "classifier on ConvNeXt as Seawall trains and saves it, with its head",
    family: "classifier",
    sign: /^classification_head\./,
  },
} as const satisfies Record<string, Dialect>;
