/** Does the engine's optimised graph compute what the file says? */
import type { Tensor } from "../../base/index.js";
import { openSession } from "../../runtime/index.js";
import type { ModelCheck } from "./check.js";

/** Rounding in another order leaves about 1e-5 of the largest logit. */
const largestError = 1e-3;

export const engine: ModelCheck = {
  raisedIf: `logits with and without the engine's optimisations differ by more than ${largestError} of the largest`,
  means: "an optimisation of the engine changes the model: what is attacked is not what will be deployed",
  remedy: "update ONNX Runtime, or run on another device",
  async run({ model, sample, engine: options }) {
    const { graph, image, logits } = model.prepared;
    const feeds = { [image]: { ...sample.image, dims: [1, ...sample.image.dims] } };
    const run = async (optimization: "all" | "none"): Promise<Tensor> => {
      const session = await openSession(graph, { ...options, optimization });
      const results = await session.run(feeds);
      await session.dispose();
      return results[logits]!;
    };
    const [optimised, plain] = [await run("all"), await run("none")];
    const error = relativeError(optimised.data as Float32Array, plain.data as Float32Array);
    return {
      status: error <= largestError ? "pass" : "fail",
      detail: `optimised logits differ by ${error.toPrecision(2)} of the largest at most`,
    };
  },
};

function relativeError(a: Float32Array, b: Float32Array): number {
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    difference = Math.max(difference, Math.abs(a[i]! - b[i]!));
    largest = Math.max(largest, Math.abs(b[i]!));
  }
  return largest > 0 ? difference / largest : difference;
}
