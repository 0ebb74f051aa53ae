/** What of a graph is run, and in which order. */
import { describe, expect, it } from "vitest";
import { float32, type Tensor } from "../../src/base/index.js";
import { computeIf } from "../../src/compile/conditional.js";
import { isDoubtful } from "../../src/compile/doubt.js";
import { trace } from "../../src/compile/index.js";
import { byDepth } from "../../src/compile/order.js";
import { emptyGraph, type Graph, GraphBuilder } from "../../src/onnx/index.js";
import { openSession } from "../../src/runtime/index.js";

const yes: Tensor = { type: "bool", dims: [1], data: Uint8Array.of(1) };
const no: Tensor = { type: "bool", dims: [1], data: Uint8Array.of(0) };

async function run(graph: Graph, feeds: Readonly<Record<string, Tensor>>) {
  const session = await openSession(graph);
  try {
    return await session.run(feeds);
  } finally {
    await session.dispose();
  }
}

describe("an output on request", () => {
  const build = new GraphBuilder(emptyGraph("request", 18));
  const x = build.input("x", "float32", [2]);
  const wanted = build.input("wanted", "bool", [1]);
  const shared = build.exp(x);
  build.output(build.add(shared, 1), "always");
  build.output(build.mul(build.log(shared), 3), "sometimes");
  const graph = computeIf(build.graph, { output: "sometimes", condition: wanted });
  const feeds = { x: float32([2], [1, 2]) };

  it("is there where it is wanted", async () => {
    const { always, sometimes } = await run(graph, { ...feeds, wanted: yes });
    expect(Array.from(always!.data as Float32Array)).toEqual([Math.E + 1, Math.E ** 2 + 1].map(near));
    expect(Array.from(sometimes!.data as Float32Array)).toEqual([3, 6].map(near));
  });

  it("is empty elsewhere, and the others are the same", async () => {
    const { always, sometimes } = await run(graph, { ...feeds, wanted: no });
    expect(sometimes!.dims).toEqual([0]);
    expect(always).toEqual((await run(graph, { ...feeds, wanted: yes })).always);
  });

  it("stands in a branch with what it alone needs", () => {
    expect(graph.nodes.map(({ op }) => op).toSorted()).toEqual(["Add", "Exp", "Identity", "If"]);
  });
});

const near = (value: number) => expect.closeTo(value, 5);

it("the short way to a product stands before the long one", () => {
  const build = new GraphBuilder(emptyGraph("masks", 18));
  const x = build.input("x", "float32", [4]);
  const long = build.exp(build.exp(build.exp(x)));
  const mask = build.op("Sign", [x]);
  build.output(build.mul(long, mask), "y");
  const ops = byDepth(build.graph).nodes.map(({ op }) => op);
  expect(ops).toEqual(["Exp", "Sign", "Exp", "Exp", "Mul", "Identity"]);
});

describe("operands that do not fit", () => {
  const refusal = (write: (build: GraphBuilder) => string) => {
    const build = new GraphBuilder(emptyGraph("misfit", 18));
    build.output(write(build));
    return trace(build.graph).then(
      () => "",
      (error: Error) => error.message,
    );
  };
  const ones = (...dims: number[]) =>
    float32(dims, new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(1));
  const image = (build: GraphBuilder) => build.input("x", "float32", [1, 4, 6, 6]);

  it.each([
    [
      "a reshaping to another number of elements",
      (b: GraphBuilder) => b.reshape(image(b), [2, 4, 6, 6]),
      /Reshape ".*" makes \[2, 4, 6, 6\] of \[1, 4, 6, 6\]/,
    ],
    [
      "a kernel for other channels",
      (b: GraphBuilder) => b.op("Conv", [image(b), b.constant(ones(2, 3, 1, 1))]),
      /Conv ".*" reads 4 channels, and its kernel has weights for 3/,
    ],
    [
      "a kernel for other channels of two groups",
      (b: GraphBuilder) => b.op("Conv", [image(b), b.constant(ones(2, 4, 1, 1))], { group: 2 }),
      /Conv ".*" reads 4 channels, and its kernel has weights for 8/,
    ],
    [
      "a kernel of a transposed convolution",
      (b: GraphBuilder) => b.op("ConvTranspose", [image(b), b.constant(ones(3, 2, 2, 2))]),
      /ConvTranspose ".*" reads 4 channels, and its kernel has weights for 3/,
    ],
  ])("%s", async (_, write, reason) => {
    expect(await refusal(write)).toMatch(reason);
  });
});

it("a large weight is no part of what is loaded to infer shapes, and is there when it is run", async () => {
  const build = new GraphBuilder(emptyGraph("weights", 18));
  const x = build.input("x", "float32", [1, 2048]);
  const weights = Float32Array.from({ length: 2048 * 2 }, (_, i) => i % 7);
  build.output(build.matmul(x, build.constant(float32([2048, 2], weights))), "y");
  const { graph, types } = await trace(build.graph);
  expect(types.get(graph.nodes[0]!.outputs[0]!)).toEqual({ type: "float32", shape: [1, 2] });
  const { y } = await run(graph, { x: float32([1, 2048], new Float32Array(2048).fill(1)) });
  const sum = (column: number) =>
    weights.reduce((total, weight, i) => total + (i % 2 === column ? weight : 0), 0);
  expect(Array.from(y!.data as Float32Array)).toEqual([sum(0), sum(1)]);
});

describe("a graph must be run for its shapes", () => {
  const doubtful = (write: (build: GraphBuilder) => string) => {
    const build = new GraphBuilder(emptyGraph("doubt", 18));
    build.output(write(build));
    const shapes: Readonly<Record<string, readonly number[]>> = { x: [1, 2, 5, 6], y: [1, 3] };
    return isDoubtful(build.graph, (value) => shapes[value]);
  };
  const x = (b: GraphBuilder) => b.input("x", "float32", [1, 2, 5, 6]);
  const resized = (b: GraphBuilder, scale: number) =>
    b.op("Resize", [x(b), "", b.constant(float32([4], [1, 1, scale, scale]))], { mode: "nearest" });
  const pooled = (b: GraphBuilder, ceil: number) =>
    b.op("MaxPool", [x(b)], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: ceil });

  it.each<[string, boolean, (b: GraphBuilder) => string]>([
    ["for elementwise operators", false, (b) => b.exp(x(b))],
    ["for a pool", false, (b) => pooled(b, 0)],
    ["for a pool that counts its last window", true, (b) => pooled(b, 1)],
    ["where a length is doubled", false, (b) => resized(b, 2)],
    ["where a length times a scale is rounded", true, (b) => resized(b, 1.5)],
    [
      "where sizes are stored, of some axes alone",
      false,
      (b) => b.op("Resize", [x(b), "", "", b.ints([7, 9])], { axes: [2, 3] }),
    ],
    [
      "where an index may be repeated",
      true,
      (b) => b.op("Einsum", [b.input("y", "float32", [1, 3])], { equation: "ij->ij" }),
    ],
    ["for an operator of another domain", true, (b) => b.ops("Own", [x(b)], 1, {}, "other")[0]!],
  ])("%s: %s", (_, expected, write) => {
    expect(doubtful(write)).toBe(expected);
  });
});
