/** Masked cross-entropy weighted by inverse class frequency: an attack on the upper bound of mIoU. */
import { type SoftmaxLoss, softmaxFamily } from "./softmax.js";

export const classBalancedCe: SoftmaxLoss = {
  name: "class-balanced-ce",
  family: softmaxFamily,
  weight: ({ build: b, ...pixel }) => b.mul(pixel.correct(), pixel.classWeight()),
  tracked: ({ build: b, ...pixel }) => b.mul(b.mul(pixel.valid(), pixel.classWeight()), pixel.crossEntropy()),
  score: ({ build: b, ...pixel }) => b.mul(pixel.correct(), pixel.classWeight()),
  needsClassWeights: true,
  formula: "1c·ω_y·(−log p_y), ω_k ∝ 1/N_k from a training split, Σω = 1",
  source: "Croce, Singh, Hein, ECCV 2024, §3.2 (L_MCE-Bal)",
};
