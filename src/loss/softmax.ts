/** The softmax family: losses whose gradient at the logits is w·(p − e_y)/τ for a weight w of each pixel. */
import type { Value } from "../onnx/index.js";
import type { FamilyTerms, Loss, LossFamily } from "./loss.js";
import type { PixelTerms } from "./pixel.js";

/**
 * A loss whose gradient with respect to the logits is w·(p − e_y)/τ, with p = softmax(u/τ). Nothing is differentiated
 * through the softmax, and all losses of the family share one graph, in which inputs choose the weight and the
 * temperature τ of each image.
 */
export interface SoftmaxLoss extends Loss {
  /** The weight w of each pixel, at least 0; constant for differentiation, 0 at ignored pixels. */
  readonly weight: (pixel: PixelTerms) => Value;
  /** The loss of each pixel; default: weight times cross-entropy. */
  readonly value?: (pixel: PixelTerms) => Value;
}

export const softmaxFamily: LossFamily = {
  name: "softmax",
  write(pixel: PixelTerms, rows: readonly SoftmaxLoss[]): FamilyTerms {
    const b = pixel.build;
    const plain = b.mul(pixel.crossEntropy(), pixel.valid());
    const weights = rows.map((row) => row.weight(pixel));
    return {
      plain,
      values: () => rows.map((row, i) => row.value?.(pixel) ?? b.mul(weights[i]!, pixel.crossEntropy())),
      // exp·(w / Σ exp) − w·e_y: one exponential serves loss and gradient.
      gradient(pick, share) {
        const untempered = b.mul(pick(weights), share);
        const weight = pixel.sharpness === undefined ? untempered : b.mul(untempered, pixel.sharpness);
        return pixel.addAtLabel(b.mul(pixel.exponential(), b.div(weight, pixel.partition())), b.neg(weight));
      },
    };
  },
};
