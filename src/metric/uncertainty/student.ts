/** Student's t-distribution: intervals for means of few values, whose spread is itself known only from these values. */
import { invariant } from "../../base/index.js";

/** The lower and the upper end of an interval. */
export type Interval = readonly [low: number, high: number];

/** The share of cases in which an interval holds what it is for. */
export const confidence = 0.95;

/** The mean of a sample, and how well it is known. */
export interface MeanEstimate {
  readonly mean: number;
  /** Standard deviation of single values, with n − 1 in the denominator. */
  readonly deviation: number;
  /** Standard error of the mean: deviation / √n. */
  readonly standardError: number;
  /** For the mean of all values of which these are a sample. */
  readonly interval: Interval;
}

/** Mean, deviation and t-interval; null for fewer than two values, which say nothing of a spread. */
export function meanEstimate(values: readonly number[]): MeanEstimate | null {
  if (values.length < 2) return null;
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  const standardError = deviation / Math.sqrt(n);
  return { mean, deviation, standardError, interval: around(mean, standardError, n - 1) };
}

/**
 * Welch's interval for the difference of two means, b − a, of samples that need not vary alike. Its degrees of freedom
 * are rounded down, which makes it a little too wide.
 * @returns null if one sample has fewer than two values
 */
export function meanDifference(a: readonly number[], b: readonly number[]): Interval | null {
  const [first, second] = [meanEstimate(a), meanEstimate(b)];
  if (!first || !second) return null;
  const [u, v] = [first.standardError ** 2, second.standardError ** 2];
  const freedom = u + v > 0 ? (u + v) ** 2 / (u ** 2 / (a.length - 1) + v ** 2 / (b.length - 1)) : 1;
  // Rounding can bring a whole number a little below itself.
  return around(second.mean - first.mean, Math.sqrt(u + v), Math.max(1, Math.floor(freedom + 1e-9)));
}

function around(mean: number, standardError: number, freedom: number): Interval {
  const half = studentQuantile((1 + confidence) / 2, freedom) * standardError;
  return [mean - half, mean + half];
}

/**
 * The t below which a share of the distribution lies, by bisection.
 * @param share from 0.5 to below 1
 * @param freedom degrees of freedom, a whole number from 1
 */
export function studentQuantile(share: number, freedom: number): number {
  invariant(
    share >= 0.5 && share < 1 && Number.isInteger(freedom) && freedom > 0,
    "a quantile of Student's t",
  );
  const isBelow = (t: number) => (1 + centralShare(t, freedom)) / 2 < share;
  let [low, high] = [0, 1];
  while (isBelow(high)) [low, high] = [high, 2 * high];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (isBelow(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The share of the distribution between −t and t (Abramowitz and Stegun, 26.7.3 and 26.7.4). */
function centralShare(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const odd = freedom % 2 === 1;
  let [term, sum] = odd ? [cosine, 0] : [1, 0];
  for (let k = odd ? 1 : 0; k <= freedom - 2; k += 2) {
    sum += term;
    term *= ((k + 1) / (k + 2)) * cosine ** 2;
  }
  return odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}
