/** Model-local functions: after inlining, results equal those of the engine, which calls them. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { SeawallError, type Tensor } from "../../src/base/index.js";
import { readModel, writeModel } from "../../src/onnx/index.js";
import { drawFeeds, relativeDifference, runBytes } from "./helpers.js";

const folder = fileURLToPath(new URL("../golden/functions/", import.meta.url));
const read = (file: string) => readModel(readFileSync(folder + file), { file });

describe("model-local functions (tools/functions_golden.py)", () => {
  it.each(readdirSync(folder).filter((file) => file.endsWith(".onnx")))("%s", async (file) => {
    const graph = read(file);
    const feeds = drawFeeds(graph);
    expect(new Set(graph.nodes.map((node) => node.domain))).toEqual(new Set([""]));
    expect([...graph.domains.keys()]).toEqual([]);
    const expected = await runBytes(readFileSync(folder + file), feeds);
    expect(relativeDifference(await runBytes(writeModel(graph), feeds), expected)).toBe(0);
  });

  it("bridges outputs that are inputs, listed twice or skipped, which the engine does not", async () => {
    const graph = read("beyond/passing.onnx");
    const { x } = drawFeeds(graph) as { x: Tensor<"float32"> };
    const results = await runBytes(writeModel(graph), { x });
    const negated = x.data.map((value) => -value);
    expect(results.a!.data).toEqual(x.data);
    for (const name of ["b", "c", "d"]) expect(results[name]!.data).toEqual(negated);
  });

  it.each([
    ["recursion", 'function "f" calls itself'],
    ["doubling", "more than 100000 nodes"],
    ["arity", 'calls function "leaky" with 2 inputs'],
    ["opset", "Softmax differs between them"],
  ])("refuses %s", (file, message) => {
    expect(() => read(`refused/${file}.onnx`)).toThrow(SeawallError);
    expect(() => read(`refused/${file}.onnx`)).toThrow(message);
  });

  it("names nodes after the calls they come from", () => {
    const names = read("nested.onnx").nodes.map((node) => node.name);
    expect(names).toEqual([
      "half/Sub",
      "half/leaky/core",
      "half/leaky/core_1",
      "y/Sub",
      "y/leaky/core",
      "y/leaky/core_1",
    ]);
  });
});
