/** The oracle's face to attacks: x ↦ (loss, gradient), one image at a time. */
import type { StepFragment } from "../compile/index.js";
import type { LossName, Tracking } from "../loss/index.js";

/** What to evaluate at a point. */
export interface Query {
  readonly loss: LossName;
  /** λ of `balanced-ce`, in [0, ½]; default 0. */
  readonly balance?: number;
}

/** What a model says about one image at one point. */
export interface OracleAnswer {
  /** The loss, mean over all pixels; the attack maximises it. */
  readonly objective: number;
  /** The loss that controls the step size. */
  readonly tracked: number;
  /** Right pixels. */
  readonly correct: number;
  /** What the kept point minimises. */
  readonly score: number;
  /** Gradient of the objective with respect to the image: 3·H·W numbers. */
  readonly gradient: Float32Array;
}

/** What can be counted at a point without a gradient. */
export interface Prediction {
  /** The class of each pixel, H·W. */
  readonly classes: ArrayLike<number>;
  readonly correct: number;
  /** What the kept point of `loss` minimises. */
  readonly score: number;
}

/** One image of a model under attack. Every point is 3·H·W floats in [0, 1]. */
export interface ImageOracle {
  /** The clean image. */
  readonly image: Float32Array;
  /** H·W classes, −1 for pixels that count nowhere. */
  readonly labels: ArrayLike<number>;
  readonly height: number;
  readonly width: number;
  /** Loss and gradient at a point: one forward and one backward pass. */
  evaluate(point: Float32Array, query: Query): Promise<OracleAnswer>;
  /** Classes and counts at a point: one forward pass. */
  predict(point: Float32Array, loss: LossName): Promise<Prediction>;
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
  readonly height: number;
  readonly width: number;
  readonly notices: readonly string[];
  /**
   * @param image 3·H·W floats in [0, 1], RGB
   * @param labels H·W classes, −1 for pixels that count nowhere
   * @param spent what was already spent on the image; default nothing
   */
  image(image: Float32Array, labels: ArrayLike<number>, spent?: Readonly<Cost>): ImageOracle;
  dispose(): Promise<void>;
}

export interface OracleOptions {
  readonly losses: readonly LossName[];
  readonly tracking?: Tracking;
  /** One weight per class, for `class-balanced-ce`. */
  readonly classWeights?: readonly number[];
  /** Called after every pass through the model. */
  readonly onPass?: () => void;
  /** Queries throw its reason once it is aborted. */
  readonly signal?: AbortSignal;
}
