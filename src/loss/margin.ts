/** Margins: losses of the label's logit against the largest other one, which do not saturate. */
import type { Value } from "../onnx/index.js";
import { differentiated } from "./differentiated.js";
import type { Loss } from "./loss.js";
import type { PixelTerms } from "./pixel.js";

export const margin: Loss = differentiated({
  name: "margin",
  weighed: true,
  value: (pixel) => pixel.build.neg(pixel.margin()),
  formula: "−m, m = u_y − max_{j≠y} u_j",
  source: "Carlini, Wagner, S&P 2017; the constraint of pdpgd",
});

export const maskMargin: Loss = differentiated({
  name: "mask-margin",
  value: (pixel) => pixel.build.neg(pixel.build.mul(pixel.correct(), pixel.margin())),
  tracked: (pixel) => pixel.build.neg(pixel.build.mul(pixel.valid(), pixel.margin())),
  formula: "−1c·m",
  source: "Xie et al., DAG, ICCV 2017",
});

/** A pixel that is wrong by less counts as right, so that no tie counts as won. */
const tolerance = 1e-4;
const tiny = 1e-8;

export const dlr: Loss = differentiated({
  name: "dlr",
  weighed: true,
  value: (pixel) => {
    const b = pixel.build;
    return b.neg(b.div(b.add(pixel.margin(), tolerance), b.add(spread(pixel), tiny)));
  },
  formula:
    "−(m + 10⁻⁴)/(u₁ − u₃ + 10⁻⁸), u₁ and u₃ the largest and the third largest logit; −m of two classes",
  source: "difference of logits ratio, Croce, Hein, ICML 2020; as Rony et al., CVPR 2023, write it",
});

/** u₁ − u₃; 1 where there are two classes, so that the loss is the margin itself. */
function spread({ build: b, logits, classes = 3 }: PixelTerms): Value | number {
  if (classes < 3) return 1;
  const largest = b.ops("TopK", [logits, b.ints([3])], 2, { axis: 1 })[0]!;
  return b.sub(b.reduce("ReduceMax", largest, [1]), b.reduce("ReduceMin", largest, [1]));
}
