/** Are the logits logits, or probabilities already? */
import { formatShare } from "../../base/index.js";
import type { ModelCheck } from "./check.js";
import { logitsOf } from "./logits-of.js";

/** Rounding, and resizing of a map, leave a sum this near to 1. */
const nearOne = 1e-3;

export const logits: ModelCheck = {
  raisedIf:
    "at every pixel the outputs lie in [0, 1] and sum to 1 over the classes, or a logit is not a number",
  means:
    "the model divides by zero or overflows, and its predictions are accidents; or the outputs are probabilities, not logits: a softmax of probabilities has almost no gradient where the model is confident, and attacks stall",
  remedy:
    "check --input-range, --mean and --std where logits are not numbers; else export the model without its Softmax, or choose the output before it with --output",
  async run(probe) {
    const { classes } = probe.model.prepared;
    const [values] = await logitsOf(probe);
    const broken = brokenShare(values!, classes);
    if (broken > 0) {
      return {
        status: "fail",
        detail: `${formatShare(broken)} of the pixels have a logit that is not a number`,
      };
    }
    const share = probabilityShare(values!, classes);
    const where = share === 1 ? "every pixel" : `${formatShare(share)} of the pixels`;
    return {
      status: share === 1 ? "fail" : "pass",
      detail: `the outputs lie in [0, 1] and sum to 1 at ${where}`,
    };
  },
};

/** The share of pixels with a value that is not a number. */
function brokenShare(values: Float32Array, classes: number): number {
  const pixels = values.length / classes;
  const broken = new Set<number>();
  for (let at = 0; at < values.length; at++) if (Number.isNaN(values[at]!)) broken.add(at % pixels);
  return broken.size / pixels;
}

/** The share of pixels whose K values lie in [0, 1] and sum to 1. */
function probabilityShare(values: Float32Array, classes: number): number {
  const pixels = values.length / classes;
  let found = 0;
  for (let pixel = 0; pixel < pixels; pixel++) {
    let sum = 0;
    let inside = true;
    for (let at = pixel; at < values.length; at += pixels) {
      sum += values[at]!;
      inside &&= values[at]! >= 0 && values[at]! <= 1;
    }
    if (inside && Math.abs(sum - 1) <= nearOne) found++;
  }
  return found / pixels;
}
