/** The loss of a batch: cross-entropy, mean over all pixels of the batch that count. */
import { int64 } from "../base/index.js";
import { appendLoss } from "../loss/index.js";
import type { GraphBuilder, Value } from "../onnx/index.js";

export interface BatchLoss {
  /** A scalar. */
  readonly loss: Value;
  /** Of the loss with respect to the logits, in their shape. */
  readonly gradient: Value;
}

/**
 * Mean cross-entropy, as PyTorch's `cross_entropy` with an ignore index has it; 0 where no pixel counts.
 * @param shape of the logits, N×K×H×W
 * @param labels N×P with P = H·W, int64; −1 for pixels that count nowhere
 */
export function meanCrossEntropy(
  build: GraphBuilder,
  logits: Value,
  shape: readonly number[],
  labels: Value,
): BatchLoss {
  const [images, classes, height, width] = shape as [number, number, number, number];
  const pixels = height * width;
  const flat = build.reshape(logits, [images, classes, pixels]);
  const appended = appendLoss(build, ["ce"], { logits: flat, labels }, { pixels });
  // The appended loss is a mean over all P pixels of each image, ignored ones included.
  const counted = build.cast(build.op("GreaterOrEqual", [labels, build.constant(int64([], [0]))]), "float32");
  const count = build.reduce("ReduceSum", build.reduce("ReduceSum", counted, [1], false), [0], false);
  const factor = build.div(pixels, build.max(count, 1));
  return {
    loss: build.mul(build.reduce("ReduceSum", appended.objective, [0], false), factor),
    gradient: build.reshape(build.mul(appended.gradient, factor), shape),
  };
}
