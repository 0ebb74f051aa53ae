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

/**
 * VOC 2012, background and 20 classes: the weights in the published code of Croce et al. (2024), `VOC_WTS`.
 * They are inverse class frequencies of the *validation* crops (short side 473, centre crop, void counted as
 * background), so use them to reproduce published figures and nothing else.
 */
export const vocPublishedWeights: readonly number[] = [
  0.0007, 0.0531, 0.1394, 0.05, 0.0814, 0.0575, 0.0256, 0.0312, 0.0198, 0.0626, 0.0382, 0.0457, 0.0212,
  0.0404, 0.0421, 0.0089, 0.0915, 0.0585, 0.0366, 0.0279, 0.0677,
];

/**
 * VOC 2012, background and 20 classes: inverse class frequencies of the 10 582 train_aug masks at full
 * resolution, void counted as background. No validation image is among them.
 */
export const vocTrainAugWeights: readonly number[] = [
  0.000697, 0.053137, 0.058842, 0.054959, 0.072763, 0.093806, 0.039879, 0.024509, 0.014982, 0.037182,
  0.087898, 0.046204, 0.016793, 0.053605, 0.041284, 0.006291, 0.077755, 0.079691, 0.040434, 0.03687, 0.062419,
];
