/** The spherical family: the label's logit on the sphere of normalised logits û = u/‖u‖₂. */
import type { Value } from "../onnx/index.js";
import type { FamilyTerms, Loss, LossFamily } from "./loss.js";
import type { PixelTerms } from "./pixel.js";

/** A loss −m·û_y, m the mask. */
export interface SphericalLoss extends Loss {
  /** The mask m of each pixel, at least 0; constant for differentiation, 0 at ignored pixels. */
  readonly weight: (pixel: PixelTerms) => Value;
}

/** The gradient is −(m/‖u‖)·(e_y − û_y·û). */
export const sphericalFamily: LossFamily = {
  name: "spherical",
  write(pixel: PixelTerms, rows: readonly SphericalLoss[]): FamilyTerms {
    const b = pixel.build;
    const inverse = pixel.inverseLogitNorm();
    const onSphere = b.mul(pixel.labelLogit(), inverse);
    const plain = b.neg(b.mul(onSphere, pixel.valid()));
    const masks = rows.map((row) => row.weight(pixel));
    return {
      plain,
      values: () => masks.map((mask) => b.neg(b.mul(mask, onSphere))),
      gradient(pick, share) {
        const pull = b.mul(b.mul(pick(masks), share), inverse);
        const radial = b.mul(pixel.logits, b.mul(b.mul(pull, onSphere), inverse));
        return pixel.addAtLabel(radial, b.neg(pull));
      },
    };
  },
};

export const spherical: SphericalLoss = {
  name: "spherical",
  family: sphericalFamily,
  weight: (pixel) => pixel.valid(),
  onlyTracked: true,
  formula: "−u_y/‖u‖₂",
  source: "tracked loss of mask-spherical, arXiv 2306.12941v1",
};

export const maskSpherical: SphericalLoss = {
  name: "mask-spherical",
  family: sphericalFamily,
  weight: (pixel) => pixel.correct(),
  formula: "−1c·u_y/‖u‖₂; the gradient flows through the norm",
  source: "arXiv 2306.12941v1 (L_Mask-Sph)",
};
