/** The interface that attacks see: perturbed image ↦ loss and gradient, one image at a time. */
import type { StepFragment } from "../../compile/index.js";
import type { ClassValues, Loss, Tracking } from "../../loss/index.js";

/** The loss to evaluate. */
export interface Query {
  /** One of the losses that the oracle was opened with. */
  readonly loss: Loss;
  /** The share of the attack's steps that are done, halved: λ of `balanced-ce`, in [0, ½]; default 0. */
  readonly balance?: number;
  /** τ > 0: a softmax loss sees the logits divided by it; default 1. */
  readonly temperature?: number;
  /** H·W: by what the loss of each pixel is multiplied, for losses that say `weighed`; default 1. */
  readonly weights?: Float32Array;
  /** For losses that say `needsSetValues`; default 0. */
  readonly values?: ClassValues;
}

/** Losses, counts and gradient at one perturbed image. */
export interface OracleAnswer {
  /** The loss, mean over all pixels; the attack maximises it. */
  readonly objective: number;
  /** The loss that controls the step size. */
  readonly tracked: number;
  /** Number of correctly classified pixels. */
  readonly correct: number;
  /** The score: attacks keep the perturbed image with the lowest one. */
  readonly score: number;
  /** Gradient of the objective with respect to the image: C·H·W numbers. */
  readonly gradient: Float32Array;
}

/** Classes and counts at one perturbed image, without a gradient. */
export interface Prediction {
  /** The class of each pixel, H·W. A pixel with a NaN among its logits gets a class that is not its label. */
  readonly classes: ArrayLike<number>;
  readonly correct: number;
  /** Number of labelled pixels with a NaN among their logits; they count as wrong. */
  readonly undecided: number;
  /** The score by which the loss asked about chooses the perturbed image that is kept; the correct pixels where none is. */
  readonly score: number;
  /** The loss asked about, mean over all pixels; given if the oracle was opened with it. */
  readonly objective?: number;
  /** H·W: the loss of each pixel, 0 where it counts nowhere; given if the loss asked about says `weighed`. */
  readonly values?: Float32Array;
}

/** One image of a model under attack. Every point is C·H·W floats in [0, 1]. */
export interface ImageOracle {
  /** The clean image. */
  readonly image: Float32Array;
  /** H·W classes, −1 for pixels that count nowhere. */
  readonly labels: ArrayLike<number>;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Loss and gradient at a point: one forward and one backward pass. */
  evaluate(point: Float32Array, query: Query): Promise<OracleAnswer>;
  /** Classes and counts at a point: one forward pass. */
  predict(point: Float32Array, query?: Query): Promise<Prediction>;
  /** The next point. */
  step<T extends string, S extends string>(
    step: StepFragment<T, S>,
    tensors: Readonly<Record<T, Float32Array>>,
    scalars: Readonly<Record<S, number>>,
  ): Promise<Float32Array>;
  /** Passes and engine seconds spent on this image so far. */
  readonly cost: Cost;
}

export interface Cost {
  forward: number;
  backward: number;
  seconds: number;
}

/** Turns images and labels into oracles. */
export interface Oracle {
  readonly classes: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly notices: readonly string[];
  /**
   * @param image C·H·W floats in [0, 1]; RGB for three channels
   * @param labels H·W classes, −1 for pixels that count nowhere
   * @param spent what was already spent on the image; default nothing
   */
  image(image: Float32Array, labels: ArrayLike<number>, spent?: Readonly<Cost>): ImageOracle;
  /** Opens what the first question would open. @throws SeawallError as that question */
  open(): Promise<void>;
  dispose(): Promise<void>;
}

export interface OracleOptions {
  /** The losses that queries may name. */
  readonly losses: readonly Loss[];
  readonly tracking?: Tracking;
  /** One weight per class, for losses that say `needsClassWeights`. */
  readonly classWeights?: readonly number[];
  /** Threads within an operator; default: as the model was opened. */
  readonly threads?: number;
  /** Called after every pass through the model. */
  readonly onPass?: () => void;
  /** Queries throw its reason once it is aborted. */
  readonly signal?: AbortSignal;
}
