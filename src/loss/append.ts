/** Appending losses to logits: per-image objective, tracked loss and score, and the gradient at the logits. */
import { invariant } from "../base/index.js";
import type { GraphBuilder, Value } from "../onnx/index.js";
import type { Loss, LossName, SoftmaxLoss, SphericalLoss, Tracking } from "./loss.js";
import { losses } from "./losses.js";
import { type LossInputs, type PixelTerms, pixelTerms } from "./pixel.js";

/** What a graph with losses appended computes. All but `gradient` are N floats, one per image. */
export interface AppendedLoss {
  /** Mean over all P pixels of the chosen loss; ignored pixels add 0 and stay in the denominator. */
  readonly objective: Value;
  /** The same mean of the tracked loss, which controls the step size. */
  readonly tracked: Value;
  /** Pixels that are right: an integer, exact below 2²⁴. */
  readonly correct: Value;
  /** What the kept point minimises: the right pixels, weighted if the loss says so. */
  readonly score: Value;
  /** N×K×P: gradient of the sum of `objective` over the images with respect to the logits. */
  readonly gradient: Value;
}

export interface AppendOptions {
  /** P, the number of pixels of an image. */
  readonly pixels: number;
  /** K, if known. */
  readonly classes?: number;
  /** A scalar, by which the weight of every pixel enters the gradient; default 1/P. */
  readonly share?: Value;
  /** N×L floats, a one-hot row per image that picks its loss; may be left out for a single loss. */
  readonly choice?: Value;
  /** Default `own`. */
  readonly tracking?: Tracking;
}

/**
 * Appends losses of one kind; `choice` picks among them for every image, so that one session serves them all.
 * @param names losses of one kind, in the order of `choice`'s columns
 */
export function appendLoss(
  build: GraphBuilder,
  names: readonly LossName[],
  inputs: LossInputs,
  { pixels, classes, share, choice, tracking = "own" }: AppendOptions,
): AppendedLoss {
  return build.within("loss", () => {
    const pixel = pixelTerms(build, inputs, classes);
    const rows: Loss[] = names.map((name) => losses[name]);
    const family = familyOf(pixel, rows);
    const own = tracking === "own";
    const columns = choice === undefined ? undefined : columnsOf(build, choice, names.length);
    const pick = (terms: Value[]) => mix(build, terms, columns);
    const sum = (perPixel: Value) => imageSum(build, perPixel, pixels);
    const mean = (perPixel: Value) => build.mul(sum(perPixel), 1 / pixels);

    const weights = rows.map((row) => row.weight(pixel));
    const tracked = rows.map((row) => (own && row.tracked?.(pixel)) || family.plain);
    const scores = rows.map((row) => build.mul(pixel.correct(), (own && row.score?.(pixel)) || 1));
    return {
      objective: mean(pick(family.values(weights))),
      tracked: mean(pick(tracked)),
      correct: sum(pixel.correct()),
      score: sum(pick(scores)),
      gradient: family.gradient(build.mul(pick(weights), share ?? 1 / pixels)),
    };
  });
}

/** What the losses of a kind share: values from weights, the plain loss, the gradient from w/P. */
interface Family {
  readonly values: (weights: readonly Value[]) => Value[];
  readonly plain: Value;
  readonly gradient: (weight: Value) => Value;
}

function familyOf(pixel: PixelTerms, rows: readonly Loss[]): Family {
  const softmaxRows = rows.filter((row): row is SoftmaxLoss => row.kind === "softmax");
  if (softmaxRows.length === rows.length) return softmaxFamily(pixel, softmaxRows);
  const sphericalRows = rows.filter((row): row is SphericalLoss => row.kind === "spherical");
  invariant(sphericalRows.length === rows.length, "losses of two kinds in one graph");
  return sphericalFamily(pixel);
}

/** Gradient w·(p − e_y) = exp·(w / Σ exp) − w·e_y: one exponential serves loss and gradient. */
function softmaxFamily(pixel: PixelTerms, rows: readonly SoftmaxLoss[]): Family {
  const b = pixel.build;
  return {
    values: (weights) => rows.map((row, i) => row.value?.(pixel) ?? b.mul(weights[i]!, pixel.crossEntropy())),
    plain: b.mul(pixel.crossEntropy(), pixel.valid()),
    gradient: (weight) =>
      pixel.addAtLabel(b.mul(pixel.exponential(), b.div(weight, pixel.partition())), b.neg(weight)),
  };
}

/** Gradient −(m/‖u‖)·(e_y − û_y·û). */
function sphericalFamily(pixel: PixelTerms): Family {
  const b = pixel.build;
  const inverse = pixel.inverseLogitNorm();
  const onSphere = b.mul(pixel.labelLogit(), inverse);
  return {
    values: (masks) => masks.map((mask) => b.neg(b.mul(mask, onSphere))),
    plain: b.neg(b.mul(onSphere, pixel.valid())),
    gradient: (mask) => {
      const pull = b.mul(mask, inverse);
      const radial = b.mul(pixel.logits, b.mul(b.mul(pull, onSphere), inverse));
      return pixel.addAtLabel(radial, b.neg(pull));
    },
  };
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
