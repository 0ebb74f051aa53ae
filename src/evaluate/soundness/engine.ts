/** Does the engine's optimised graph compute what the file says? */
import type { ModelCheck } from "./check.js";
import { logitsOf, relativeError } from "./logits-of.js";

/** Rounding in another order leaves about 1e-5 of the largest logit. */
const largestError = 1e-3;

export const engine: ModelCheck = {
  raisedIf: `logits with and without the engine's optimisations differ by more than ${largestError}, relative to the largest logit`,
  means: "an optimisation of the engine changes the model: the attacked model is not the deployed one",
  remedy:
    "update ONNX Runtime, or use another device; a model that amplifies rounding errors differs between devices",
  async run(probe) {
    const [optimised] = await logitsOf(probe, { optimization: "all" });
    const [plain] = await logitsOf(probe, { optimization: "none" });
    const error = relativeError(optimised!, plain!);
    return {
      status: error <= largestError ? "pass" : "fail",
      detail: `logits with and without the engine's optimisations differ by at most ${error.toPrecision(2)}, relative to the largest logit`,
    };
  },
};
