/** Jensen-Shannon divergence to the one-hot label, in the closed form that depends on p_y alone. */
import type { GraphBuilder, Value } from "../onnx/index.js";
import type { PixelTerms } from "./pixel.js";
import { type SoftmaxLoss, softmaxFamily } from "./softmax.js";

export const js: SoftmaxLoss = {
  name: "js",
  family: softmaxFamily,
  weight: ({ build: b, ...pixel }) => {
    // ½·p·(log(1+p) − log p): fades out by itself where p_y → 0.
    const p = pixel.probability();
    const spread = b.add(logOnePlus(b, pixel), pixel.crossEntropy());
    return b.mul(b.mul(b.mul(0.5, p), spread), pixel.valid());
  },
  value: divergence,
  tracked: divergence,
  formula: "ln 2 + ½·p_y·ln p_y − ½·(1+p_y)·ln(1+p_y)",
  source: "Croce, Singh, Hein, ECCV 2024, §3.3 and App. A (L_JS)",
};

/** ln 2 + ½·p·log p − ½·(1+p)·log(1+p) */
function divergence({ build: b, ...pixel }: PixelTerms): Value {
  const p = pixel.probability();
  const own = b.mul(p, pixel.crossEntropy());
  const mixed = b.mul(b.add(1, p), logOnePlus(b, pixel));
  return b.mul(b.sub(Math.LN2, b.mul(0.5, b.add(own, mixed))), pixel.valid());
}

function logOnePlus(b: GraphBuilder, pixel: Pick<PixelTerms, "probability">) {
  return b.log(b.add(1, pixel.probability()));
}
