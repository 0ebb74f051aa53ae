/** CosPGD: cross-entropy weighted by the cosine between the probabilities and the one-hot label. */
import type { Value } from "../onnx/index.js";
import type { PixelTerms } from "./pixel.js";
import { type SoftmaxLoss, softmaxFamily } from "./softmax.js";

/** c = p_y/‖p‖₂, 0 where the label is ignored. */
export function cosine({ build: b, ...pixel }: PixelTerms): Value {
  return b.mul(b.div(pixel.probability(), pixel.probabilityNorm()), pixel.valid());
}

export const cospgd: SoftmaxLoss = {
  name: "cospgd",
  family: softmaxFamily,
  weight: cosine,
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
