/** Soft masks: between cross-entropy without a mask and with a hard one, for studies of masking. */
import { type SoftmaxLoss, softmaxFamily } from "./softmax.js";

/** A pixel's weight falls from 1 to 0 as it goes from right to wrong, within about ±2τ of its margin. */
function softMask(name: string, temperature: number, written: string): SoftmaxLoss {
  return {
    name,
    family: softmaxFamily,
    weight: ({ build: b, ...pixel }) =>
      b.mul(b.op("Sigmoid", [b.mul(pixel.margin(), 1 / temperature)]), pixel.valid()),
    formula: `σ(m/τ)·(−log p_y), m = u_y − max_{j≠y} u_j held constant, τ = ${written}`,
    source: "for the study of masking in docs/recipes/masking.md",
  };
}

export const softMaskCeSharp = softMask("soft-mask-ce-sharp", 0.25, "¼");
export const softMaskCe = softMask("soft-mask-ce", 1, "1");
export const softMaskCeWide = softMask("soft-mask-ce-wide", 4, "4");
