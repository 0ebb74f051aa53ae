/** Facts: element types and ranks that are inferred without running a graph are those of the engine's outputs. */
import { describe, expect, it } from "vitest";
import { float32, int64, type Tensor } from "../../src/base/index.js";
import { Facts } from "../../src/onnx/graph/facts.js";
import { emptyGraph, float, type Graph, GraphBuilder, writeModel } from "../../src/onnx/index.js";
import { drawFeeds, runBytes } from "./helpers.js";

type Write = (build: GraphBuilder, image: string) => string;

/** A graph with an image of 1×4×6×8 as its input, and what `write` adds as its output. */
function graphOf(write: Write): Graph {
  const build = new GraphBuilder(emptyGraph("facts", 20));
  build.output(write(build, build.input("image", "float32", [1, 4, 6, 8])), "result");
  return build.graph;
}

async function inferredAndReal(write: Write) {
  const graph = graphOf(write);
  const { result } = await runBytes(writeModel(graph), drawFeeds(graph));
  const fact = new Facts(graph).of("result");
  return { fact, real: { type: result!.type, rank: result!.dims.length } };
}

const uint8 = (dims: number[], ...values: number[]): Tensor => ({
  type: "uint8",
  dims,
  data: Uint8Array.from(values),
});

const same = (op: string): [string, Write] => [op, (b, x) => b.op(op, [x])];
const weight = (b: GraphBuilder, ...dims: number[]) =>
  b.constant(
    float32(
      dims,
      Array.from({ length: dims.reduce((a, c) => a * c, 1) }, (_, i) => (i % 5) / 5),
    ),
  );

/** Graphs of which both the type and the rank must be known. */
const known: [string, Write][] = [
  ...["Relu", "Sigmoid", "Elu", "HardSwish", "Mish", "Gelu", "Tanh", "Erf", "Round", "Sign"].map(same),
  ...["Softmax", "LogSoftmax", "Identity", "Dropout", "GlobalAveragePool", "GlobalMaxPool"].map(same),
  ["Cast", (b, x) => b.op("Cast", [x], { to: 7 })],
  ["Shape", (b, x) => b.op("Shape", [x])],
  ["Equal", (b, x) => b.op("Equal", [x, 0.5])],
  ["Greater", (b, x) => b.op("Greater", [x, 0.5])],
  ["Where", (b, x) => b.op("Where", [b.op("Less", [x, 0.5]), b.scalar(7), x])],
  ["Add of a row", (b, x) => b.op("Add", [weight(b, 8), x])],
  ["Max of a scalar", (b, x) => b.op("Max", [b.scalar(0.5), x])],
  ["Conv", (b, x) => b.op("Conv", [x, weight(b, 2, 4, 3, 3)])],
  ["ConvTranspose", (b, x) => b.op("ConvTranspose", [x, weight(b, 4, 2, 3, 3)])],
  ["Flatten", (b, x) => b.op("Flatten", [x], { axis: 2 })],
  ["Gemm", (b, x) => b.op("Gemm", [b.op("Flatten", [x], { axis: 3 }), weight(b, 8, 3)])],
  ["MatMul with a matrix", (b, x) => b.op("MatMul", [x, weight(b, 8, 3)])],
  ["Transpose", (b, x) => b.op("Transpose", [x], { perm: [0, 2, 3, 1] })],
  ["Reshape", (b, x) => b.op("Reshape", [x, b.ints([4, 6, -1])])],
  ["ConstantOfShape", (b) => b.op("ConstantOfShape", [b.ints([2, 3, 4])])],
  ["Unsqueeze", (b, x) => b.op("Unsqueeze", [x, b.ints([0, 5])])],
  ["Squeeze of an axis", (b, x) => b.op("Squeeze", [x, b.ints([0])])],
  ["Gather of one index", (b, x) => b.op("Gather", [x, b.constant(int64([], [1]))], { axis: 1 })],
  ["Gather of a matrix", (b, x) => b.op("Gather", [x, b.constant(int64([2, 1], [1, 0]))], { axis: 1 })],
  ["ReduceMean", (b, x) => b.op("ReduceMean", [x, b.ints([2, 3])])],
  ["ReduceSum without the axes", (b, x) => b.op("ReduceSum", [x, b.ints([1])], { keepdims: 0 })],
  ["Concat", (b, x) => b.op("Concat", [x, x], { axis: 1 })],
  ["Slice", (b, x) => b.op("Slice", [x, b.ints([0]), b.ints([2]), b.ints([1])])],
  ["Pad", (b, x) => b.op("Pad", [x, b.ints([0, 0, 1, 1, 0, 0, 1, 1])])],
  ["Tile", (b, x) => b.op("Tile", [x, b.ints([1, 2, 1, 1])])],
  ["DepthToSpace", (b, x) => b.op("DepthToSpace", [x], { blocksize: 2 })],
  ["MaxPool", (b, x) => b.op("MaxPool", [x], { kernel_shape: [2, 2] })],
  ["LpNormalization", (b, x) => b.op("LpNormalization", [x], { axis: 1, p: 2 })],
];

/** Graphs of which a fact may be unknown, but never wrong: the first input says nothing about the output. */
const careful: [string, Write][] = [
  ["Size", (b, x) => b.op("Size", [x])],
  ["ArgMax", (b, x) => b.op("ArgMax", [x], { axis: 1, keepdims: 0 })],
  ["NonZero", (b, x) => b.op("NonZero", [x])],
  ["Squeeze of every axis of length 1", (b, x) => b.op("Squeeze", [x])],
  ["ReduceSum of everything", (b, x) => b.op("ReduceSum", [x], { keepdims: 0 })],
  ["MatMul with a vector", (b, x) => b.op("MatMul", [x, weight(b, 8)])],
  [
    "OneHot",
    (b, x) => b.op("OneHot", [b.op("ArgMax", [x], { axis: 1 }), b.constant(int64([], [4])), weight(b, 2)]),
  ],
  ["GreaterOrEqual", (b, x) => b.op("GreaterOrEqual", [x, 0.5])],
  ["IsNaN", (b, x) => b.op("IsNaN", [x])],
  ["Einsum", (b, x) => b.op("Einsum", [x], { equation: "bchw->bhw" })],
  ["Range", (b) => b.op("Range", [b.scalar(0), b.scalar(3), b.scalar(1)])],
  ["EyeLike", (b, x) => b.op("EyeLike", [b.op("Flatten", [x])], { dtype: 7 })],
  ["HannWindow", (b) => b.op("HannWindow", [b.constant(int64([], [5]))])],
  ["QuantizeLinear", (b, x) => b.op("QuantizeLinear", [x, 0.1, b.constant(uint8([], 0))])],
  ["DequantizeLinear", (b) => b.op("DequantizeLinear", [b.constant(uint8([2], 3, 4)), 0.1])],
  ["DynamicQuantizeLinear", (b, x) => b.ops("DynamicQuantizeLinear", [x], 3)[0]!],
  [
    "MatMulInteger",
    (b) => b.op("MatMulInteger", [b.constant(uint8([1, 2], 3, 4)), b.constant(uint8([2, 1], 5, 6))]),
  ],
  [
    "ConvInteger",
    (b) => b.op("ConvInteger", [b.constant(uint8([1, 1, 1, 2], 3, 4)), b.constant(uint8([1, 1, 1, 1], 5))]),
  ],
  ["If", (b, x) => b.op("If", [b.op("Greater", [b.op("ReduceMax", [x], { keepdims: 0 }), 2])], branches())],
  [
    "Loop",
    (b) =>
      b.op("Loop", [b.constant(int64([], [3])), "", b.scalar(1)], {
        body: { kind: "graph", value: doubling() },
      }),
  ],
];

/** Two branches with floating point results. */
function branches() {
  const branch = (value: number) => {
    const build = new GraphBuilder(emptyGraph("branch", 20));
    build.output(build.op("Neg", [build.scalar(value)]));
    return build.graph;
  };
  return {
    then_branch: { kind: "graph" as const, value: branch(1) },
    else_branch: { kind: "graph" as const, value: branch(2) },
  };
}

/** A loop's body that doubles a number. */
function doubling(): Graph {
  const build = new GraphBuilder(emptyGraph("body", 20));
  build.input("round", "int64", []);
  const more = build.input("more", "bool", []);
  const number = build.input("number", "float32", []);
  build.output(build.op("Identity", [more]));
  build.output(build.add(number, number));
  return build.graph;
}

describe("type and rank are inferred as the engine computes them", () => {
  it.each(known)("%s", async (_, write) => {
    const { fact, real } = await inferredAndReal(write);
    expect(fact).toEqual(real);
  });
});

describe("a fact is never wrong", () => {
  it.each(careful)("%s", async (_, write) => {
    const { fact, real } = await inferredAndReal(write);
    expect([real.type, undefined]).toContain(fact.type);
    expect([real.rank, undefined]).toContain(fact.rank);
  });
});

describe("facts about single values", () => {
  it("come from inputs and constants", () => {
    const build = new GraphBuilder(emptyGraph("values", 20));
    const open = build.input("open", "float16", ["n", 3, "h", "w"]);
    build.graph.inputs.push({ name: "shapeless", type: "int64", shape: undefined });
    const constant = build.constant(int64([2, 1], [4, 5]));
    const facts = new Facts(build.graph);
    expect(facts.of(open)).toEqual({ type: "float16", rank: 4 });
    expect(facts.of("shapeless")).toEqual({ type: "int64", rank: undefined });
    expect(facts.of(constant)).toEqual({ type: "int64", rank: 2 });
    expect(facts.of("missing")).toEqual({ type: undefined, rank: undefined });
  });

  it("are all the same for the parts of a Split, and unknown for further outputs of other operators", () => {
    const build = new GraphBuilder(emptyGraph("several", 20));
    const x = build.input("x", "float32", [4, 6]);
    const halves = build.ops("Split", [x], 2, { num_outputs: 2 });
    const [values, indices] = build.ops("TopK", [x, build.ints([2])], 2);
    const facts = new Facts(build.graph);
    expect(halves.map((half) => facts.of(half))).toEqual(halves.map(() => ({ type: "float32", rank: 2 })));
    expect(facts.of(values!).type).toBe("float32");
    expect(facts.of(indices!).type).toBeUndefined();
  });

  it("are not inferred for operators of other domains", () => {
    const build = new GraphBuilder(emptyGraph("foreign", 20));
    const x = build.input("x", "float32", [4, 6]);
    build.graph.nodes.push({
      ...{ op: "Relu", domain: "somewhere.else", name: "relu", inputs: [x], outputs: ["y"] },
      attributes: { alpha: float(1) },
    });
    expect(new Facts(build.graph).of("y")).toEqual({ type: undefined, rank: undefined });
  });
});
