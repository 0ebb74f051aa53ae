/** Conversion of half- and double-precision graphs to float32. */
import { describe, expect, it } from "vitest";
import { type DataType, float16ToNumber, float32, numbersOf, type Tensor } from "../../src/base/index.js";
import {
  type AttributeInput,
  attributesOf,
  elementType,
  emptyGraph,
  type Graph,
  type Node,
  readModel,
  widenFloats,
  writeModel,
} from "../../src/onnx/index.js";
import { draw, drawFeeds, relativeDifference, runBytes } from "./helpers.js";

function node(
  op: string,
  inputs: string[],
  output: string,
  attributes: Record<string, AttributeInput> = {},
): Node {
  return { op, domain: "", name: output, inputs, outputs: [output], attributes: attributesOf(attributes) };
}

function network(type: "float16" | "float64"): Graph {
  const graph = emptyGraph("narrow", 18);
  graph.inputs.push({ name: "x", type, shape: [2, 4] }, { name: "n", type: "int64", shape: [2, 4] });
  graph.outputs.push({ name: "y", type, shape: [2, 3] }, { name: "k", type: "int64", shape: [2, 4] });
  graph.initializers = new Map<string, Tensor>([
    ["w", draw("w", type, [4, 3])],
    ["s", { type: "int64", dims: [2], data: BigInt64Array.of(2n, 3n) }],
  ]);
  graph.nodes = [
    node("Cast", ["n"], "c", { to: elementType(type) }),
    node("Add", ["x", "c"], "a"),
    node("MatMul", ["a", "w"], "m"),
    node("ConstantOfShape", ["s"], "o", { value: draw("o", type, [1]) }),
    node("Mul", ["m", "o"], "y"),
    node("Cast", ["a"], "k", { to: elementType("int64") }),
  ];
  return graph;
}

/** The same feeds in float32. */
function widenFeeds(feeds: Record<string, Tensor>): Record<string, Tensor> {
  const widen = (tensor: Tensor) =>
    tensor.type === "int64" ? tensor : float32(tensor.dims, numbersOf(tensor));
  return Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, widen(tensor)]));
}

describe("widenFloats", () => {
  it.each([
    ["float16", 2e-3],
    ["float64", 1e-6],
  ] as const)("computes what %s computes, up to its rounding", async (type, rounding) => {
    const graph = network(type);
    const widened = widenFloats(graph);
    expect(widened).toMatchObject({ from: [type], inputs: ["x"], outputs: ["y"] });
    const feeds = drawFeeds(graph);
    const expected = await runBytes(writeModel(graph), feeds);
    const results = await runBytes(writeModel(widened.graph), widenFeeds(feeds));
    expect(results.k).toEqual(expected.k);
    expect(results.y!.type).toBe("float32");
    expect(relativeDifference({ y: results.y! }, widenFeeds({ y: expected.y! }))).toBeLessThan(rounding);
    expect(readModel(writeModel(widened.graph))).toEqual(widened.graph);
  });

  it("gives a float32 graph back as it is", () => {
    const graph = emptyGraph("plain", 18);
    graph.inputs.push({ name: "x", type: "float32", shape: [1] });
    graph.nodes.push(node("Cast", ["x"], "y", { to: elementType("float32") }));
    expect(widenFloats(graph)).toEqual({ graph, from: [], inputs: [], outputs: [] });
    expect(widenFloats(graph).graph).toBe(graph);
  });

  it("reads every bit pattern, and keeps finite numbers finite", () => {
    const graph = emptyGraph("constants", 18);
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    graph.initializers = new Map<string, Tensor>([
      ["half", { type: "float16", dims: [65536], data: bits }],
      ["brain", { type: "bfloat16", dims: [4], data: Uint16Array.of(0x3f80, 0xc000, 0x7f80, 0x7f7f) }],
      ["double", { type: "float64", dims: [5], data: Float64Array.of(-1e300, 1e300, 0.1, -Infinity, NaN) }],
    ]);
    const { initializers } = widenFloats(graph).graph;
    expect(initializers.get("half")!.data).toEqual(Float32Array.from(bits, float16ToNumber));
    expect([...initializers.get("brain")!.data]).toEqual([1, -2, Infinity, (2 - 2 ** -7) * 2 ** 127]);
    const largest = (2 - 2 ** -23) * 2 ** 127;
    expect([...initializers.get("double")!.data]).toEqual([
      -largest,
      largest,
      Math.fround(0.1),
      -Infinity,
      NaN,
    ]);
    expect(widenFloats(graph).from).toEqual(["float16", "bfloat16", "float64"] satisfies DataType[]);
  });

  it("changes element types named by random numbers, and graphs inside nodes", () => {
    const graph = emptyGraph("outer", 18);
    const inner = network("float16");
    graph.nodes.push(
      node("RandomNormal", [], "r", { shape: [2], dtype: elementType("float64") }),
      node("EyeLike", ["r"], "e", { dtype: elementType("int64"), k: elementType("float16") }),
      node("If", ["c"], "i", { then_branch: { kind: "graph", value: inner } }),
    );
    const { graph: widened, from } = widenFloats(graph);
    expect(from).toEqual(["float64", "float16"]);
    expect(widened.nodes[0]!.attributes.dtype).toEqual({ kind: "int", value: 1 });
    expect(widened.nodes[1]).toBe(graph.nodes[1]);
    expect(widened.nodes[2]!.attributes.then_branch).toEqual({
      kind: "graph",
      value: widenFloats(inner).graph,
    });
  });
});
