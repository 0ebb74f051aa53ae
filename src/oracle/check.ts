/** The gradient checker: compares a gradient with finite differences of the objective it belongs to. */
import { invariant, type RandomStream } from "../base/index.js";
import type { Loss } from "../loss/index.js";
import { describeNode, type Node } from "../onnx/index.js";
import type { ImageOracle } from "./answers/oracle.js";

/** A scalar function with its gradient, as an oracle's `evaluate` is. */
export interface Differentiable {
  (point: Float32Array): Promise<{ readonly objective: number; readonly gradient: Float32Array }>;
  /** The objective alone, where it costs less. */
  value?(point: Float32Array): Promise<number>;
}

/** The loss of an oracle's image as a function of its pixels. */
export function lossOf(image: ImageOracle, loss: Loss): Differentiable {
  const value = async (point: Float32Array) => {
    const { objective } = await image.predict(point, { loss });
    invariant(objective !== undefined, `the oracle was opened without the loss ${loss.name}`);
    return objective;
  };
  return Object.assign((point: Float32Array) => image.evaluate(point, { loss }), { value });
}

/**
 * What a check found. `agrees` and `differs`: the slopes could be compared. `flat`: along every direction the objective
 * changes by less than its rounding in float32. `jumps`: the objective jumps at the point, so that differences grow
 * without bound as the step shrinks. `estimate`: the gradient goes straight through rounding, and only the one of the model
 * without rounding could be compared. `zero` and `not finite`: what the gradient is; nothing could be compared.
 */
export type GradientVerdict = "agrees" | "differs" | "flat" | "jumps" | "estimate" | "zero" | "not finite";

export interface GradientCheck {
  readonly verdict: GradientVerdict;
  /** Largest relative difference of the slope by gradient and by differences, over the compared directions; 0 without any. */
  readonly error: number;
  /** Directions along which slopes were compared. */
  readonly directions: number;
  /** ‖gradient‖₂. */
  readonly norm: number;
  /** The node that makes the function jump, where one does and is known. */
  readonly jump?: string;
  /** The cosine of an estimate to the gradient of the model without rounding. */
  readonly cosine?: number;
}

/** Largest error that rounding and kinks cause. A wrong gradient rule causes a far larger one. */
export const largestGradientError = 0.05;

/** Share by which a step changes the objective: above rounding, and too small to cross many kinks. */
const relativeChange = 0.003;

/** The longest step per colour value: a fifth of a grey level. */
const longestStep = 8e-4;

/** A difference of less than this many float32 roundings of the objective is noise at the accuracy that is asked for. */
const leastRoundings = 200;

/** Half the distance between 1 and the next float32. */
const rounding = 2 ** -24;

/**
 * Compares directional derivatives at a point, along the gradient and its sign in turn, each on a random half of
 * the numbers: directions in which the slope stands out from the rounding of single precision.
 */
export async function checkGradient(
  evaluate: Differentiable,
  point: Float32Array,
  random: RandomStream,
  directions = 4,
): Promise<GradientCheck> {
  const { gradient, objective } = await evaluate(point);
  const norm = lengthOf(gradient);
  if (!Number.isFinite(norm)) return { verdict: "not finite", error: 0, directions: 0, norm };
  if (norm === 0) return { verdict: "zero", error: 0, directions: 0, norm };
  const errors: number[] = [];
  for (let k = 0; k < directions; k++) {
    const direction = masked(k % 2 === 0 ? gradient : gradient.map(Math.sign), random);
    const length = lengthOf(direction);
    const unit = direction.map((value) => value / length);
    const slope = dot(gradient, unit);
    const wanted = (relativeChange * Math.max(Math.abs(objective), 1e-3)) / slope;
    const h = Math.min(wanted, longestStep * Math.sqrt(point.length));
    const shortest = (leastRoundings * rounding * Math.abs(objective)) / (2 * slope);
    if (h < shortest) continue;
    const expected = await difference(evaluate, point, unit, h);
    const errorOf = (quotient: number) => Math.abs(slope - quotient) / Math.max(slope, Math.abs(quotient));
    let error = errorOf(expected);
    // Differences over a long step cross kinks. The slope is their limit, which a wrong gradient never meets.
    for (let step = h / 4; !(error <= largestGradientError) && step >= shortest; step /= 4) {
      const closer = errorOf(await difference(evaluate, point, unit, step));
      if (!(closer >= error)) error = closer;
    }
    if (!(error <= largestGradientError) && (await jumps(evaluate, point, unit, h, expected)))
      return { verdict: "jumps", error: 0, directions: 0, norm };
    errors.push(error);
  }
  const error = Math.max(0, ...errors);
  const verdict = errors.length === 0 ? "flat" : error <= largestGradientError ? "agrees" : "differs";
  return { verdict, error, directions: errors.length, norm };
}

/**
 * Checks an estimate: slopes of the model without rounding are compared as by `checkGradient`, and its gradient with the
 * estimate. The verdict is `estimate` where nothing is wrong.
 * @param smooth the model without rounding
 */
export async function checkEstimate(
  evaluate: Differentiable,
  smooth: Differentiable,
  point: Float32Array,
  random: RandomStream,
): Promise<GradientCheck> {
  const check = await checkGradient(smooth, point, random);
  if (check.verdict === "differs") return check;
  const { gradient } = await evaluate(point);
  const norm = lengthOf(gradient);
  if (!Number.isFinite(norm) || norm === 0)
    return { ...check, norm, verdict: norm === 0 ? "zero" : "not finite" };
  const cosine = check.norm > 0 ? dot(gradient, (await smooth(point)).gradient) / (norm * check.norm) : 0;
  return { ...check, norm, cosine, verdict: "estimate" };
}

/** How much shorter the step is in which a jump would show. */
const shorter = 16;

/** Whether the objective jumps between the two ends of a step: then the quotient of differences grows as h shrinks. */
async function jumps(
  evaluate: Differentiable,
  point: Float32Array,
  unit: Float32Array,
  h: number,
  quotient: number,
): Promise<boolean> {
  const near = await difference(evaluate, point, unit, h / shorter);
  return Math.abs(near) > (shorter / 4) * Math.abs(quotient);
}

/**
 * The check of a function with a node that jumps, which `jumpOf` finds: many small jumps change differences over any
 * step, so that a difference is no sign of a wrong gradient.
 */
export function excuseJump(check: GradientCheck, node: Node | undefined): GradientCheck {
  if (node === undefined || check.verdict !== "differs") return check;
  return { ...check, verdict: "jumps", error: 0, directions: 0, jump: describeNode(node) };
}

/** What a check says, as the end of a sentence that begins with the gradient. */
export function describeCheck({ verdict, error, directions, norm, jump, cosine = 0 }: GradientCheck): string {
  const percent = `${(100 * error).toPrecision(2)} %`;
  switch (verdict) {
    case "agrees":
    case "differs":
      return `slopes along ${directions} directions differ from finite differences by at most ${percent}`;
    case "flat":
      return `not checked: its norm is ${norm.toPrecision(2)}, so flat that float32 rounding hides the differences`;
    case "estimate":
      return `an estimate, straight through rounding: finite differences cannot check it. Its cosine to the gradient of the model without rounding is ${cosine.toFixed(2)}; ${directions > 0 ? `there, slopes along ${directions} directions differ from finite differences by at most ${percent}` : "that one is too flat to be checked"}`;
    case "jumps":
      return `not checked: the loss jumps at or next to the tested image${jump ? ` (${jump} reads, writes or rounds by values of the image)` : ""}, so that finite differences say nothing about its slope`;
    default:
      return `it is ${verdict} (norm ${norm})`;
  }
}

async function difference(evaluate: Differentiable, point: Float32Array, unit: Float32Array, h: number) {
  const value = evaluate.value ?? (async (at: Float32Array) => (await evaluate(at)).objective);
  const at = (sign: number) => value(point.map((number, i) => number + sign * h * unit[i]!));
  return ((await at(1)) - (await at(-1))) / (2 * h);
}

function masked(gradient: Float32Array, random: RandomStream): Float32Array {
  return gradient.map((value) => (random.next() < 0.5 ? value : 0));
}

function lengthOf(values: Float32Array): number {
  return Math.sqrt(dot(values, values));
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
