/** What a pixel loss is: a row of the table in `losses.ts`. */
import type { Value } from "../onnx/index.js";
import type { PixelTerms } from "./pixel.js";

export type LossName =
  | "ce"
  | "mask-ce"
  | "soft-mask-ce-sharp"
  | "soft-mask-ce"
  | "soft-mask-ce-wide"
  | "balanced-ce"
  | "class-balanced-ce"
  | "js"
  | "cospgd"
  | "cospgd-sigmoid"
  | "spherical"
  | "mask-spherical";

/** What every row declares. Per-pixel values are N×1×P, or a scalar that broadcasts. */
interface PixelLoss {
  /** Weight or mask of each pixel, at least 0; constant for differentiation. */
  readonly weight: (pixel: PixelTerms) => Value;
  /** The loss without its mask, which the step-size controller tracks; default: the family's plain loss. */
  readonly tracked?: (pixel: PixelTerms) => Value;
  /** What a right pixel adds to the score that the kept point minimises; default 1. */
  readonly score?: (pixel: PixelTerms) => Value;
  readonly formula: string;
  readonly source: string;
}

/**
 * A loss whose gradient with respect to the logits is w·(p − e_y), w the weight: nothing is differentiated
 * through the softmax, and losses of this kind share one graph, the weight chosen by an input.
 */
export interface SoftmaxLoss extends PixelLoss {
  readonly kind: "softmax";
  /** The loss of each pixel; default: weight times cross-entropy. */
  readonly value?: (pixel: PixelTerms) => Value;
}

/** A loss −m·û_y on the normalised logits û = u/‖u‖₂, m the mask. */
export interface SphericalLoss extends PixelLoss {
  readonly kind: "spherical";
}

export type Loss = SoftmaxLoss | SphericalLoss;

/**
 * Which loss controls the step size and which score picks the kept point: `own`, the attack's own loss
 * without its mask and the score it aims at; `published`, cross-entropy (for spherical losses the unmasked
 * spherical one) and pixel accuracy, as the paper's code does.
 */
export type Tracking = "own" | "published";
