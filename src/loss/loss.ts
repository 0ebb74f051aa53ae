/** What a pixel loss is: a value with a name, its family, and what makes it differ from others of the family. */
import type { Value } from "../onnx/index.js";
import type { PixelTerms } from "./pixel.js";

/**
 * A pixel loss. Terms of a pixel are N×1×P, or a scalar that broadcasts.
 * Rows of the table in `losses.ts`, and losses written by users, are such values.
 */
export interface Loss {
  /** How users call it; letters, digits, hyphens and colons. */
  readonly name: string;
  /** How its value and its gradient at the logits are written. Losses of the same family share one graph. */
  readonly family: LossFamily;
  /** The loss that controls the step size; default: what the family tracks. */
  readonly tracked?: (pixel: PixelTerms) => Value;
  /** What a pixel adds to the score that the kept perturbed image minimises; default 1 if it is right, else 0. */
  readonly score?: (pixel: PixelTerms) => Value;
  /** The loss reads `classWeight()`, so that a run must count or be given class weights. */
  readonly needsClassWeights?: boolean;
  /** The loss reads `setValues()`, which follow from the predictions on all images of a run. */
  readonly needsSetValues?: boolean;
  /** Attacks weigh it pixel by pixel: a query may bring weights, and a prediction tells its value at every pixel. */
  readonly weighed?: boolean;
  /** The loss only controls step sizes; no attack can be asked to climb it. */
  readonly onlyTracked?: boolean;
  /** For the documentation. */
  readonly formula: string;
  readonly source: string;
}

/** The mathematics that losses share. A new family needs its own file only. */
export interface LossFamily {
  readonly name: string;
  /** Writes the terms of losses of this family into one graph, in the order of `rows`. */
  write(pixel: PixelTerms, rows: readonly Loss[]): FamilyTerms;
}

/** What a family writes for its losses. */
export interface FamilyTerms {
  /** The tracked loss of the published code, N×1×P, 0 at ignored pixels. */
  readonly plain: Value;
  /** The tracked loss of each row that declares none, N×1×P; default `plain`. */
  readonly tracked?: readonly Value[];
  /** The loss of each row, N×1×P, 0 at ignored pixels. */
  values(): Value[];
  /**
   * N×K×P: the gradient, with respect to the logits, of the chosen loss times `share`, summed over the pixels.
   * @param pick mixes one term per row into the one that each image chose
   * @param share by what the loss of every pixel is multiplied: a number, a scalar, or N×1×P
   */
  gradient(pick: (terms: readonly Value[]) => Value, share: Value | number): Value;
}

/**
 * Which loss controls the step size, and which score decides the perturbed image that is kept. `own`: the
 * attack's own loss without its mask, and the score it aims at. `published`: the family's plain loss
 * (cross-entropy, or for spherical losses the unmasked one) and pixel accuracy, as the paper's code does.
 */
export type Tracking = "own" | "published";
