/** Appending losses to logits: per-image objective, tracked loss and score, and the gradient at the logits. */
import { int64, invariant } from "../base/index.js";
import type { GraphBuilder, Value } from "../onnx/index.js";
import type { Loss, Tracking } from "./loss.js";
import { type LossInputs, type LossSize, pixelTerms } from "./pixel.js";

/** The outputs of appended losses: N floats each, one per image, but for `values` and `gradient`. */
export interface AppendedLoss {
  /** Mean over the pixels of the chosen loss; ignored pixels add 0 and stay in the denominator. */
  readonly objective: Value;
  /** The same mean of the tracked loss, which controls the step size; pixels at which it is NaN add 0. */
  readonly tracked: Value;
  /** Number of correct pixels: an integer, exact below 2²⁴. */
  readonly correct: Value;
  /** What the kept perturbed image minimises: correct pixels, weighted if the loss says so; NaN adds 0. */
  readonly score: Value;
  /** N×1×P: the chosen loss of each pixel, before `weights`; 0 where it is NaN. */
  readonly values: Value;
  /** N×K×P: gradient of the sum of `objective` over the images with respect to the logits. */
  readonly gradient: Value;
}

export interface AppendOptions extends LossSize {
  /** Number of pixels over which `objective` and `tracked` are means; default P. Larger if the logits are a part of an image. */
  readonly of?: number;
  /** A scalar, by which the weight of every pixel enters the gradient; default 1/`of`. */
  readonly share?: Value;
  /** N×1×P: by what the loss of each pixel is multiplied; default 1. */
  readonly weights?: Value;
  /** N×L floats, a one-hot row per image that picks its loss; may be left out for a single loss. */
  readonly choice?: Value;
  /** Default `own`. */
  readonly tracking?: Tracking;
}

/**
 * Appends losses of one family; `choice` picks one of them for every image, so that one session serves them all.
 * @param losses losses of one family, in the order of `choice`'s columns
 */
export function appendLoss(
  build: GraphBuilder,
  losses: readonly Loss[],
  inputs: LossInputs,
  { of, share, weights, choice, tracking = "own", ...size }: AppendOptions,
): AppendedLoss {
  return build.within("loss", () => {
    const { pixels } = size;
    const whole = of ?? pixels;
    const pixel = pixelTerms(build, inputs, size);
    const terms = familyOf(losses).write(pixel, losses);
    const own = tracking === "own";
    const columns = choice === undefined ? undefined : columnsOf(build, choice, losses.length);
    const pick = (perLoss: readonly Value[]) => mix(build, perLoss, columns);
    const sum = (perPixel: Value) => imageSum(build, perPixel, pixels);
    const mean = (perPixel: Value) => build.mul(sum(perPixel), 1 / whole);
    const weighed = (perPixel: Value) => (weights === undefined ? perPixel : build.mul(perPixel, weights));

    const one = share ?? 1 / whole;
    const tracked = losses.map(
      (loss, i) => (own && (loss.tracked?.(pixel) ?? terms.tracked?.[i])) || terms.plain,
    );
    const scores = losses.map((loss) => (own && loss.score?.(pixel)) || pixel.correct());
    const values = pick(terms.values());
    return {
      objective: mean(weighed(values)),
      tracked: mean(withoutNaN(build, pick(tracked))),
      correct: sum(pixel.correct()),
      score: sum(withoutNaN(build, pick(scores))),
      values: withoutNaN(build, values),
      gradient: terms.gradient(pick, weights === undefined ? one : build.mul(weights, one)),
    };
  });
}

/** The outputs of an appended prediction. */
export interface AppendedPrediction {
  /** N×1×P, int64: the class of the largest logit. An undecided pixel has none: it gets a class that is not its label. */
  readonly classes: Value;
  /** N floats: the number of labelled pixels that are undecided, since a logit is NaN. They count as wrong. */
  readonly undecided: Value;
}

/** Appends the predicted classes. */
export function appendPrediction(
  build: GraphBuilder,
  inputs: LossInputs,
  size: LossSize & { readonly classes: number },
): AppendedPrediction {
  return build.within("prediction", () => {
    const pixel = pixelTerms(build, inputs, size);
    const other = build.op("Mod", [
      build.add(pixel.label(), build.constant(int64([], [1]))),
      build.constant(int64([], [size.classes])),
    ]);
    const isDecided = build.cast(pixel.decided(), "bool");
    return {
      classes: build.op("Where", [isDecided, pixel.predicted(), other]),
      undecided: imageSum(build, build.mul(pixel.valid(), build.sub(1, pixel.decided())), size.pixels),
    };
  });
}

/** The outputs of an appended score: as those of an appended loss, but without its gradient. */
export interface AppendedScore extends Pick<AppendedLoss, "correct" | "score"> {
  /** Written if the loss is weighed pixel by pixel. */
  readonly values?: Value;
}

/** Appends the count of correct pixels, and what a loss says of them. */
export function appendScore(
  build: GraphBuilder,
  loss: Loss,
  inputs: LossInputs,
  size: LossSize,
): AppendedScore {
  return build.within("score", () => {
    const pixel = pixelTerms(build, inputs, size);
    // Before anything is made of the logits that a loss cannot be made of.
    const values = loss.weighed ? loss.family.write(pixel, [loss]).values()[0] : undefined;
    const sum = (perPixel: Value) => imageSum(build, perPixel, size.pixels);
    return {
      correct: sum(pixel.correct()),
      score: sum(withoutNaN(build, loss.score?.(pixel) ?? pixel.correct())),
      ...(values !== undefined && { values: withoutNaN(build, values) }),
    };
  });
}

function familyOf(losses: readonly Loss[]) {
  const { family } = losses[0]!;
  invariant(
    losses.every((loss) => loss.family === family),
    "losses of two families in one graph",
  );
  return family;
}

/** One pixel whose loss is not a number must not hide what an attack did to all others. */
function withoutNaN(b: GraphBuilder, perPixel: Value): Value {
  return b.op("Where", [b.op("Equal", [perPixel, perPixel]), perPixel, b.scalar(0)]);
}

/**
 * The sum over an image's pixels, by rows of about √P: the engine adds one after the other, and a single chain of
 * 10⁵ float32 additions is wrong in the fifth digit.
 */
function imageSum(b: GraphBuilder, perPixel: Value, pixels: number): Value {
  const rows = divisorNearRoot(pixels);
  const sums = b.reduce("ReduceSum", b.reshape(perPixel, [-1, rows, pixels / rows]), [2], false);
  return b.reduce("ReduceSum", sums, [1], false);
}

function divisorNearRoot(n: number): number {
  let divisor = Math.floor(Math.sqrt(n));
  while (n % divisor !== 0) divisor--;
  return divisor;
}

/** The columns of an N×L matrix, each N×1×1. */
function columnsOf(b: GraphBuilder, choice: Value, columns: number): Value[] {
  return Array.from({ length: columns }, (_, i) =>
    b.op("Unsqueeze", [b.slice(choice, [1], [i], [i + 1]), b.ints([2])]),
  );
}

function mix(b: GraphBuilder, terms: readonly Value[], choice: readonly Value[] | undefined): Value {
  if (!choice || terms.every((term) => term === terms[0])) return terms[0]!;
  return terms.map((term, i) => b.mul(choice[i]!, term)).reduce((sum, term) => b.add(sum, term));
}
