/** The gradient checker: compares a gradient with finite differences of the objective it belongs to. */
import type { RandomStream } from "../base/index.js";

/** A scalar function with its gradient, as an oracle's `evaluate` is. */
export type Differentiable = (
  point: Float32Array,
) => Promise<{ readonly objective: number; readonly gradient: Float32Array }>;

export interface GradientCheck {
  /** Largest relative difference of the slope by gradient and by differences, over the directions. */
  readonly error: number;
  readonly directions: number;
  /** ‖gradient‖₂. */
  readonly norm: number;
}

/** Largest error that rounding and kinks cause. A wrong gradient rule causes a far larger one. */
export const largestGradientError = 0.05;

/** Share by which a step changes the objective: above rounding, and too small to cross many kinks. */
const relativeChange = 0.003;

/** The longest step per colour value: a fifth of a grey level. */
const longestStep = 8e-4;

/**
 * Compares directional derivatives at a point, along the gradient and its sign in turn, each on a random half of
 * the numbers: directions in which the slope stands out from the rounding of single precision.
 * @returns relative errors, to be held against `largestGradientError`
 */
export async function checkGradient(
  evaluate: Differentiable,
  point: Float32Array,
  random: RandomStream,
  directions = 4,
): Promise<GradientCheck> {
  const { gradient, objective } = await evaluate(point);
  const norm = lengthOf(gradient);
  if (!(norm > 0)) return { error: Number.isNaN(norm) ? Number.NaN : 0, directions: 0, norm };
  let error = 0;
  for (let k = 0; k < directions; k++) {
    const direction = masked(k % 2 === 0 ? gradient : gradient.map(Math.sign), random);
    const length = lengthOf(direction);
    const unit = direction.map((value) => value / length);
    const slope = dot(gradient, unit);
    const wanted = (relativeChange * Math.max(Math.abs(objective), 1e-3)) / slope;
    const h = Math.min(wanted, longestStep * Math.sqrt(point.length));
    const expected = await difference(evaluate, point, unit, h);
    error = Math.max(error, Math.abs(slope - expected) / Math.max(slope, Math.abs(expected)));
  }
  return { error, directions, norm };
}

async function difference(evaluate: Differentiable, point: Float32Array, unit: Float32Array, h: number) {
  const at = async (sign: number) => {
    const moved = point.map((value, i) => value + sign * h * unit[i]!);
    return (await evaluate(moved)).objective;
  };
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
