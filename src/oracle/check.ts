/** The gradient checker: compares a gradient with finite differences of the objective it belongs to. */
import type { RandomStream } from "../base/index.js";

/** A scalar function with its gradient, as an oracle's `evaluate` is. */
export type Differentiable = (
  point: Float32Array,
) => Promise<{ readonly objective: number; readonly gradient: Float32Array }>;

export interface GradientCheck {
  /** Largest |slope by gradient − slope by differences| / ‖gradient‖₂ over the directions. */
  readonly error: number;
  readonly directions: number;
  /** ‖gradient‖₂. */
  readonly norm: number;
}

/** How far a check moves along a unit direction, times √(3·H·W): about a fifth of a grey level per number. */
const stepPerNumber = 8e-4;

/**
 * Compares directional derivatives at a point. Every second direction is the gradient itself on a random half
 * of the numbers (a strong signal), the others are random (they see a path that the gradient misses).
 * @returns errors in units of the gradient's norm; 0.05 is what single precision and kinks leave at worst
 */
export async function checkGradient(
  evaluate: Differentiable,
  point: Float32Array,
  random: RandomStream,
  directions = 4,
): Promise<GradientCheck> {
  const { gradient } = await evaluate(point);
  const norm = lengthOf(gradient);
  if (!(norm > 0)) return { error: Number.isNaN(norm) ? Number.NaN : 0, directions: 0, norm };
  let error = 0;
  for (let k = 0; k < directions; k++) {
    const direction = k % 2 === 0 ? masked(gradient, random) : random.normal(gradient.length);
    const length = lengthOf(direction);
    const unit = direction.map((value) => value / length);
    const slope = dot(gradient, unit);
    const expected = await difference(evaluate, point, unit);
    error = Math.max(error, Math.abs(slope - expected) / norm);
  }
  return { error, directions, norm };
}

async function difference(evaluate: Differentiable, point: Float32Array, unit: Float32Array) {
  const h = stepPerNumber * Math.sqrt(point.length);
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
