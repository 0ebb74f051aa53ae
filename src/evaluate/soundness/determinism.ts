/** Does the model say the same twice? */

import type { ModelCheck } from "./check.js";
import { logitsOf, relativeError } from "./logits-of.js";

/** Threads may add in another order. */
const largestError = 1e-4;

export const determinism: ModelCheck = {
  raisedIf: `logits of two passes over the same image differ by more than ${largestError} of the largest`,
  means:
    "the model draws random numbers: an attack sees another model at every step, and a figure is that of one draw",
  remedy:
    "export the model without dropout and noise; for a model that is meant to draw, these figures are no evidence",
  async run(probe) {
    const [first, second] = await logitsOf(probe, { passes: 2 });
    const error = relativeError(first!, second!);
    return {
      status: error <= largestError ? "pass" : "fail",
      detail:
        error === 0
          ? "two passes agree to the bit"
          : `two passes differ by ${error.toPrecision(2)} of the largest at most`,
    };
  },
};
