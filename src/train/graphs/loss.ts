/** The loss of a batch: mean cross-entropy over all pixels of the batch that are not ignored. */
import { int64 } from "../../base/index.js";
import { appendLoss, losses } from "../../loss/index.js";
import type { GraphBuilder, Value } from "../../onnx/index.js";

export interface BatchLoss {
  /** Number of pixels that are not ignored; a scalar. */
  readonly counted: Value;
  /** A scalar. */
  readonly loss: Value;
  /** Gradient of `weight` times the loss with respect to the logits, in their shape. */
  readonly gradient: Value;
}

/**
 * Mean cross-entropy, as PyTorch's `cross_entropy` with an ignore index, but 0 if all pixels are ignored.
 * @param shape of the logits, N×K×H×W
 * @param labels N×P with P = H·W, int64; −1 for ignored pixels
 */
export function meanCrossEntropy(
  build: GraphBuilder,
  logits: Value,
  shape: readonly number[],
  labels: Value,
  weight = 1,
): BatchLoss {
  const [images, classes, height, width] = shape as [number, number, number, number];
  const pixels = height * width;
  const flat = build.reshape(logits, [images, classes, pixels]);
  const valid = build.cast(build.op("GreaterOrEqual", [labels, build.constant(int64([], [0]))]), "float32");
  const counted = build.reduce("ReduceSum", valid, [0, 1], false);
  const count = build.max(counted, 1);
  const options = { pixels, classes, share: build.div(weight, count) };
  const { objective, gradient } = appendLoss(build, [losses.ce], { logits: flat, labels }, options);
  // The appended loss is a mean over all P pixels of each image, ignored ones included.
  const total = build.reduce("ReduceSum", objective, [0], false);
  return {
    counted,
    loss: build.mul(total, build.div(pixels, count)),
    gradient: build.reshape(gradient, shape),
  };
}
