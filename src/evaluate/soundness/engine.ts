/** Does the engine's optimised graph compute what the file says? */

import { formatShare } from "../../base/index.js";
import type { CheckOutcome, ModelCheck } from "./check.js";
import { changedClasses, relativeError } from "./logits-of.js";

/** Rounding in another order leaves about 1e-5 of the largest logit. */
const largestError = 1e-3;

/** In a quantised model, a sum that lies between two integers may be rounded to either. */
const mostChanged = 0.01;

export const engine: ModelCheck = {
  raisedIf: `logits with and without the engine's optimisations differ by more than ${largestError}, relative to the largest logit; for a quantised model, if more than ${100 * mostChanged} % of the pixels get another class`,
  means: "an optimisation of the engine changes the model: the attacked model is not the deployed one",
  remedy:
    "update ONNX Runtime, or use another device; a model that amplifies rounding errors differs between devices",
  async run(probe, logits) {
    const [optimised] = await logits.twice();
    const plain = await logits.unoptimized();
    const error = relativeError(optimised, plain);
    if (probe.model.smooth) return quantised(error, changedClasses(probe, optimised, plain));
    return {
      status: error <= largestError ? "pass" : "fail",
      detail: `logits with and without the engine's optimisations differ by at most ${error.toPrecision(2)}, relative to the largest logit`,
    };
  },
};

function quantised(error: number, changed: number): CheckOutcome {
  return {
    status: changed <= mostChanged ? "pass" : "fail",
    detail: `the engine's optimisations round some sums to the next integer: ${formatShare(changed)} of the pixels get another class, and logits differ by at most ${error.toPrecision(2)}, relative to the largest one; the scored model is the optimised one`,
  };
}
