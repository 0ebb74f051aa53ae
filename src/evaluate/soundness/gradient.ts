/** Is the gradient that the attacks follow the gradient of the model? */
import { randomStream } from "../../base/index.js";
import { losses } from "../../loss/index.js";
import {
  checkGradient,
  describeCheck,
  type GradientVerdict,
  largestGradientError,
} from "../../oracle/index.js";
import type { CheckOutcome, ModelCheck } from "./check.js";

/** A flat loss is no error of the gradient, but a warning: attacks may find no way in it. A jump says neither. */
const statuses: Readonly<Record<GradientVerdict, CheckOutcome["status"]>> = {
  agrees: "pass",
  differs: "fail",
  flat: "warn",
  jumps: "skip",
  zero: "fail",
  "not finite": "fail",
};

export const gradient: ModelCheck = {
  raisedIf: `along one of four directions, the slope predicted by the gradient of cross-entropy differs from finite differences by more than ${100 * largestGradientError} %, or the gradient is zero or not finite; it warns if the loss is too flat to be checked`,
  means: "attacks follow a wrong direction, or none: the model may look more robust than it is",
  remedy:
    "if the model has only standard operators, report it; a quantised or saturated model has no useful gradient",
  async run({ model, sample, seed }) {
    const oracle = model.oracle({ losses: [losses.ce] });
    try {
      // Without a pixel that counts, the loss is 0 everywhere: any labels serve to check the gradient.
      const counts = sample.labels?.some((label) => label >= 0);
      const labels = counts ? sample.labels! : new Int32Array(sample.height * sample.width);
      const image = oracle.image(sample.image.data, labels);
      const random = randomStream(seed, sample.hash, "gradient check");
      const evaluate = (point: Float32Array) => image.evaluate(point, { loss: losses.ce });
      const check = await checkGradient(evaluate, image.image, random);
      return { status: statuses[check.verdict], detail: describeCheck(check) };
    } finally {
      await oracle.dispose();
    }
  },
};
