/** Real models: after reading, upgrading and writing, the engine's results equal those of the original file. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { foldBatchNorm, readModel, simplify, writeModel } from "../../src/onnx/index.js";
import { drawFeeds, relativeDifference, runBytes } from "./helpers.js";

const folder = fileURLToPath(new URL("../../../shared/models/", import.meta.url));

/** The largest allowed difference of any output, relative to the largest logit. */
const models: Record<string, number> = {
  "deeplab_person.onnx": 0,
  "espnet_camvid.onnx": 0,
  "espnetv2_voc256.onnx": 0,
  // The file also lists the weights as inputs, so that the engine does not pack them, and Gemm sums in another order.
  "sinet_portrait.onnx": 2e-6,
  "twinlitenet_bdd.onnx": 0,
};

/** With folding, which rounds every weight of a convolution once more. */
const folding = 1e-4;

describe.each(Object.entries(models))("%s", (file, rounding) => {
  const name = "gives the logits of the original file (needs ../shared/models)";
  it.skipIf(!existsSync(folder + file))(name, async () => {
    const bytes = readFileSync(folder + file);
    const graph = readModel(bytes, { file });
    const feeds = drawFeeds(graph);
    const expected = await runBytes(bytes, feeds);
    const difference = async (form: typeof graph) =>
      relativeDifference(await runBytes(writeModel(form), feeds), expected);
    expect(await difference(graph)).toBeLessThanOrEqual(rounding);
    expect(await difference(simplify(graph))).toBeLessThanOrEqual(rounding);
    expect(await difference(simplify(foldBatchNorm(graph)))).toBeLessThanOrEqual(folding);
  });
});
