/** Is the gradient that the attacks follow the gradient of the model? */
import { randomStream } from "../../base/index.js";
import { losses } from "../../loss/index.js";
import { checkGradient, largestGradientError } from "../../oracle/index.js";
import type { ModelCheck } from "./check.js";

export const gradient: ModelCheck = {
  raisedIf: `along one of four directions the slope by the gradient of cross-entropy differs from finite differences by more than ${100 * largestGradientError} %, or the gradient is zero or not finite`,
  means: "attacks follow a wrong direction, or none: the model may look more robust than it is",
  remedy:
    "report the model if it has only standard operators; a quantised or saturated model has no useful gradient",
  async run({ model, sample, seed }) {
    const oracle = model.oracle({ losses: [losses.ce] });
    try {
      const image = oracle.image(
        sample.image.data,
        sample.labels ?? new Int32Array(sample.height * sample.width),
      );
      const random = randomStream(seed, sample.hash, "gradient check");
      const evaluate = (point: Float32Array) => image.evaluate(point, { loss: losses.ce });
      const { error, norm, directions } = await checkGradient(evaluate, image.image, random);
      if (!(norm > 0)) return { status: "fail", detail: `the gradient's norm is ${norm}` };
      const detail = `its slope differs from finite differences by ${(100 * error).toPrecision(2)} % at most, along ${directions} directions`;
      return { status: error <= largestGradientError ? "pass" : "fail", detail };
    } finally {
      await oracle.dispose();
    }
  },
};
