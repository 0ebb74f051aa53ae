/** SegPGD's weighting: right pixels count 1 − λ, wrong ones λ, and λ grows from 0 to ½ over the run. */
import { type SoftmaxLoss, softmaxFamily } from "./softmax.js";

export const balancedCe: SoftmaxLoss = {
  name: "balanced-ce",
  family: softmaxFamily,
  weight: ({ build: b, ...pixel }) => {
    // (1 − λ)·1c + λ·(valid − 1c)
    const balance = pixel.balance();
    const right = b.mul(b.sub(1, b.mul(2, balance)), pixel.correct());
    return b.add(right, b.mul(balance, pixel.valid()));
  },
  formula: "[(1−λ)·1c + λ·(1−1c)]·(−log p_y), λ = t/(2T) after step t of T",
  source: "Gu et al., SegPGD, ECCV 2022; Bal-CE of arXiv 2306.12941v1",
};
