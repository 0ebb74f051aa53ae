/** Cross-entropy. */
import type { SoftmaxLoss } from "./loss.js";

export const ce: SoftmaxLoss = {
  kind: "softmax",
  weight: (pixel) => pixel.valid(),
  formula: "−log p_y",
  source: "baseline",
};
