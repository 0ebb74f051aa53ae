/** The loss of a batch: the mean of a pixel loss over all pixels of the batch that are not ignored. */
import { SeawallError } from "../../base/index.js";
import { appendLoss, type Loss, losses, validPixels } from "../../loss/index.js";
import { emptyGraph, GraphBuilder, type Value } from "../../onnx/index.js";

/** The inner attacks, by the loss that each one climbs; that of `pgd` is the loss that is trained on. */
export const climbedLosses = {
  pgd: undefined,
  segpgd: losses["balanced-ce"],
  cospgd: losses.cospgd,
} as const satisfies Record<string, Loss | undefined>;

export interface BatchLoss {
  /** Number of pixels that are not ignored; a scalar. */
  readonly counted: Value;
  /** A scalar. */
  readonly loss: Value;
  /** Gradient of `weight` times the loss with respect to the logits, in their shape. */
  readonly gradient: Value;
}

/**
 * The mean of a pixel loss; of `ce`, PyTorch's `cross_entropy` with an ignore index, but 0 if all pixels are ignored.
 * @param shape of the logits, N×K×H×W
 * @param labels N×P with P = H·W, int64; −1 for ignored pixels
 * @param balance 1×1×1, for a loss that reads it
 */
export function meanLoss(
  build: GraphBuilder,
  loss: Loss,
  logits: Value,
  shape: readonly number[],
  labels: Value,
  weight = 1,
  balance?: Value,
): BatchLoss {
  const [images, classes, height, width] = shape as [number, number, number, number];
  const pixels = height * width;
  const flat = build.reshape(logits, [images, classes, pixels]);
  const counted = build.reduce("ReduceSum", validPixels(build, labels), [0, 1], false);
  const count = build.max(counted, 1);
  const options = { images, pixels, classes, share: build.div(weight, count) };
  const { objective, gradient } = appendLoss(
    build,
    [loss],
    { logits: flat, labels, ...(balance !== undefined && { balance }) },
    options,
  );
  // The appended loss is a mean over all P pixels of each image, ignored ones included.
  const total = build.reduce("ReduceSum", objective, [0], false);
  return {
    counted,
    loss: build.mul(total, build.div(pixels, count)),
    gradient: build.reshape(gradient, shape),
  };
}

/**
 * Checks that a loss can be trained on, by writing it once for a tiny batch.
 * @throws SeawallError `config` for a loss that reads class weights or a balance, or is no loss to climb;
 * `unsupported` for an operator without a gradient
 */
export function checkTrainable(loss: Loss, classes: number): void {
  const reason = loss.onlyTracked
    ? "it only controls step sizes"
    : loss.needsClassWeights && "it needs class weights, which a training does not have";
  if (reason) throw new SeawallError("config", `--loss ${loss.name}: ${reason}; choose another one`);
  const build = new GraphBuilder(emptyGraph("loss", 18));
  const shape = [1, classes, 2, 2];
  const logits = build.input("logits", "float32", shape);
  const labels = build.input("labels", "int64", [1, 4]);
  meanLoss(build, loss, logits, shape, labels);
}
