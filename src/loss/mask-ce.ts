/** Masked cross-entropy: pixels that are already wrong pull no more. */
import type { SoftmaxLoss } from "./loss.js";

export const maskCe: SoftmaxLoss = {
  kind: "softmax",
  weight: (pixel) => pixel.correct(),
  formula: "1c·(−log p_y), 1c = 1 where argmax u = y",
  source: "Croce, Singh, Hein, ECCV 2024, §3.3 (L_MCE)",
};
