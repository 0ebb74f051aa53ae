/** CosPGD: cross-entropy weighted by the cosine between the probabilities and the one-hot label. */
import type { SoftmaxLoss } from "./loss.js";

export const cospgd: SoftmaxLoss = {
  kind: "softmax",
  weight: ({ build: b, ...pixel }) =>
    b.mul(b.div(pixel.probability(), pixel.probabilityNorm()), pixel.valid()),
  formula: "c·(−log p_y), c = p_y/‖p‖₂ held constant",
  source: "Agnihotri, Jung, Keuper, CosPGD, ICML 2024 (softmax form of the official code)",
};
