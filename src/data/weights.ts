/** Class weights for losses that balance classes. */
import { SeawallError } from "../base/index.js";

/**
 * ω_k = (1/N_k) / Σ_j (1/N_j) for N_k pixels of class k (Croce et al. 2024, §3.2): sums to 1; 0 for absent classes.
 * @throws SeawallError `data` when no class has a pixel.
 */
export function classWeights(counts: readonly number[]): number[] {
  const inverse = counts.map((count) => (count > 0 ? 1 / count : 0));
  const sum = inverse.reduce((total, value) => total + value, 0);
  if (sum === 0) {
    throw new SeawallError(
      "data",
      `class weights need labelled pixels, and none of ${counts.length} classes has any; ` +
        "check the labels and --ignore-label",
    );
  }
  return inverse.map((value) => value / sum);
}
