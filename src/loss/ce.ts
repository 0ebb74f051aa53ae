/** Cross-entropy. */
import { type SoftmaxLoss, softmaxFamily } from "./softmax.js";

export const ce: SoftmaxLoss = {
  name: "ce",
  family: softmaxFamily,
  weight: (pixel) => pixel.valid(),
  formula: "−log p_y",
  source: "baseline",
};
