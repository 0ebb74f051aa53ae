/** Does the engine's optimised graph compute what the file says? */
import type { ModelCheck } from "./check.js";
import { logitsOf, relativeError } from "./logits-of.js";

/** Rounding in another order leaves about 1e-5 of the largest logit. */
const largestError = 1e-3;

export const engine: ModelCheck = {
  raisedIf: `logits with and without the engine's optimisations differ by more than ${largestError} of the largest`,
  means: "an optimisation of the engine changes the model: what is attacked is not what will be deployed",
  remedy:
    "update ONNX Runtime, or run on another device; a model that magnifies rounding is another one on each",
  async run(probe) {
    const [optimised] = await logitsOf(probe, { optimization: "all" });
    const [plain] = await logitsOf(probe, { optimization: "none" });
    const error = relativeError(optimised!, plain!);
    return {
      status: error <= largestError ? "pass" : "fail",
      detail: `optimised logits differ by ${error.toPrecision(2)} of the largest at most`,
    };
  },
};
