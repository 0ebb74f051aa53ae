/** Masked cross-entropy: pixels that are already wrong pull no more. */
import { type SoftmaxLoss, softmaxFamily } from "./softmax.js";

export const maskCe: SoftmaxLoss = {
  name: "mask-ce",
  family: softmaxFamily,
  weight: (pixel) => pixel.correct(),
  formula: "1c·(−log p_y), 1c = 1 where argmax u = y",
  source: "Croce, Singh, Hein, ECCV 2024, §3.3 (L_MCE)",
};
