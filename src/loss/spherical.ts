/** The label's logit on the sphere of normalised logits, over all pixels or over the right ones alone. */
import type { SphericalLoss } from "./loss.js";

export const spherical: SphericalLoss = {
  kind: "spherical",
  weight: (pixel) => pixel.valid(),
  formula: "−u_y/‖u‖₂",
  source: "tracked loss of mask-spherical, arXiv 2306.12941v1",
};

export const maskSpherical: SphericalLoss = {
  kind: "spherical",
  weight: (pixel) => pixel.correct(),
  formula: "−1c·u_y/‖u‖₂; the gradient flows through the norm",
  source: "arXiv 2306.12941v1 (L_Mask-Sph)",
};
