/** Does the model say the same twice? */

import type { ModelCheck } from "./check.js";
import { relativeError } from "./logits-of.js";

/** Threads may add in another order. */
const largestError = 1e-4;

export const determinism: ModelCheck = {
  raisedIf: `logits of two passes over the same image differ by more than ${largestError}, relative to the largest logit`,
  means:
    "the model draws random numbers: an attack meets another model at every step, and each figure is that of one draw",
  remedy:
    "export the model without dropout and noise; for a model that is meant to be random, these figures are no evidence",
  async run(_, logits) {
    const [first, second] = await logits.twice();
    const error = relativeError(first, second);
    return {
      status: error <= largestError ? "pass" : "fail",
      detail:
        error === 0
          ? "two passes agree to the bit"
          : `two passes over the same image differ by at most ${error.toPrecision(2)}, relative to the largest logit`,
    };
  },
};
