/** Expected accuracy: the probability of the label is to fall; at a low temperature it is the accuracy itself. */
import { cosine } from "./cospgd.js";
import { type SoftmaxLoss, softmaxFamily } from "./softmax.js";

export const expectedAccuracy: SoftmaxLoss = {
  name: "expected-accuracy",
  family: softmaxFamily,
  weight: cosine,
  value: (pixel) => pixel.build.neg(cosine(pixel)),
  tracked: ({ build: b, ...pixel }) => b.neg(b.mul(pixel.probability(), pixel.valid())),
  formula: "−p_y/‖p‖₂, ‖p‖₂ held constant; with τ → 0, −1c",
  source: "CosPGD's direction with the expected number of right pixels in place of the cross-entropy",
};
