/** The proximal operator of the largest absolute value, in a diagonal metric and between bounds. */

/** A bisection of [0, 1] leaves less than a millionth of an 8-bit step. */
const halvings = 28;

/**
 * Brings δ nearer to zero, in place: the p between the bounds that minimises λ·max|p_i| + ½·Σ metric_i·(p_i − δ_i)².
 * p is δ cut to the bounds and to [−t, t]; the derivative of the sum with respect to t rises with t, so bisection
 * finds where it is zero.
 * @param metric default 1
 * @param bounds of each number: lower at most 0, upper at least 0; default none
 */
export function shrinkLargest(
  delta: Float32Array,
  lambda: number,
  metric?: Float32Array,
  bounds?: Bounds,
): void {
  const inside = delta.slice();
  if (bounds) cutToBounds(inside, bounds);
  const sizes = inside.map(Math.abs);
  let low = 0;
  let high = sizes.reduce((most, size) => Math.max(most, size), 0);
  for (let k = 0; k < halvings; k++) {
    const t = (low + high) / 2;
    let pull = 0;
    for (let i = 0; i < sizes.length; i++) {
      if (sizes[i]! > t) pull += (metric?.[i] ?? 1) * (Math.abs(delta[i]!) - t);
    }
    if (pull > lambda) low = t;
    else high = t;
  }
  const t = (low + high) / 2;
  for (let i = 0; i < delta.length; i++) delta[i] = Math.min(Math.max(inside[i]!, -t), t);
}

/** What a perturbation may be: one number of each for every number of it. */
export interface Bounds {
  readonly lower: Float32Array;
  readonly upper: Float32Array;
}

/** Cuts each number to its bounds, in place. */
export function cutToBounds(delta: Float32Array, { lower, upper }: Bounds): void {
  for (let i = 0; i < delta.length; i++) delta[i] = Math.min(Math.max(delta[i]!, lower[i]!), upper[i]!);
}

/** The perturbations that stay in the ball of ℓ∞ and leave the image in [0, 1]. */
export function boundsOf(image: Float32Array, radius: number): Bounds {
  return {
    lower: image.map((value) => Math.max(-value, -radius)),
    upper: image.map((value) => Math.min(1 - value, radius)),
  };
}
