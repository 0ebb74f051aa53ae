/** The table of built-in pixel losses, in the order in which help and documentation print them. */
import { balancedCe } from "./balanced-ce.js";
import { ce } from "./ce.js";
import { classBalancedCe } from "./class-balanced-ce.js";
import { cospgd, cospgdSigmoid } from "./cospgd.js";
import { expectedAccuracy } from "./expected-accuracy.js";
import { expectedMiou } from "./expected-miou.js";
import { js } from "./js.js";
import type { Loss } from "./loss.js";
import { dlr, margin, maskMargin } from "./margin.js";
import { maskCe } from "./mask-ce.js";
import { softMaskCe, softMaskCeSharp, softMaskCeWide } from "./soft-mask-ce.js";
import { maskSpherical, spherical } from "./spherical.js";

export const losses = {
  ce,
  "mask-ce": maskCe,
  "soft-mask-ce-sharp": softMaskCeSharp,
  "soft-mask-ce": softMaskCe,
  "soft-mask-ce-wide": softMaskCeWide,
  "balanced-ce": balancedCe,
  "class-balanced-ce": classBalancedCe,
  js,
  cospgd,
  "cospgd-sigmoid": cospgdSigmoid,
  "expected-accuracy": expectedAccuracy,
  "expected-miou": expectedMiou,
  spherical,
  "mask-spherical": maskSpherical,
  margin,
  "mask-margin": maskMargin,
  dlr,
} satisfies Record<string, Loss>;

export type LossName = keyof typeof losses;

/** Whether each pixel's loss depends on that pixel alone. Built-in losses are so; a plugin's may relate pixels. */
export function isPerPixel(loss: Loss): boolean {
  return Object.values<Loss>(losses).includes(loss);
}
