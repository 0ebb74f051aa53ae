/** CosPGD: cross-entropy weighted by the cosine between the probabilities and the one-hot label. */
import { type SoftmaxLoss, softmaxFamily } from "./softmax.js";

export const cospgd: SoftmaxLoss = {
  name: "cospgd",
  family: softmaxFamily,
  weight: ({ build: b, ...pixel }) =>
    b.mul(b.div(pixel.probability(), pixel.probabilityNorm()), pixel.valid()),
  formula: "c·(−log p_y), c = p_y/‖p‖₂ held constant",
  source: "Agnihotri, Jung, Keuper, CosPGD, ICML 2024 (softmax form of the official code)",
};

export const cospgdSigmoid: SoftmaxLoss = {
  name: "cospgd-sigmoid",
  family: softmaxFamily,
  weight: ({ build: b, ...pixel }) => {
    // By log σ(u) = −softplus(−u), relative to the largest: far below zero σ itself is lost in float32.
    const log = b.neg(b.op("Softplus", [b.neg(pixel.logits)]));
    const sigmoids = b.exp(b.sub(log, b.reduce("ReduceMax", log, [1])));
    const own = b.op("GatherElements", [sigmoids, pixel.label()], { axis: 1 });
    return b.mul(b.div(own, b.reduce("ReduceL2", sigmoids, [1])), pixel.valid());
  },
  formula: "c·(−log p_y), c = σ(u_y)/‖σ(u)‖₂ held constant, σ the elementwise sigmoid",
  source: "CosPGD as re-implemented by Croce, Singh, Hein for their comparison",
};
