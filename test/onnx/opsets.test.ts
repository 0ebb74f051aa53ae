/** Operators of older opsets: after upgrading, the engine's results equal those of the original file. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readModel, writeModel } from "../../src/onnx/index.js";
import { drawFeeds, relativeDifference, runBytes } from "./helpers.js";

const folder = fileURLToPath(new URL("../golden/opset/", import.meta.url));

describe("operators of older opsets (tools/opset_golden.py)", () => {
  it.each(readdirSync(folder))("%s", async (file) => {
    const bytes = readFileSync(folder + file);
    const graph = readModel(bytes, { file });
    const feeds = drawFeeds(graph);
    const expected = await runBytes(bytes, feeds);
    expect(graph.opset).toBeGreaterThanOrEqual(18);
    expect(graph.nodes.map((node) => node.op)).not.toContain("Constant");
    expect(relativeDifference(await runBytes(writeModel(graph), feeds), expected)).toBe(0);
    expect(readModel(writeModel(graph), { file }), "reading what was written changes nothing").toEqual(graph);
  });
});
