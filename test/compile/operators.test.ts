/** Operators that a target rewrites: the replacement computes the same. */
import { describe, expect, it } from "vitest";
import { float32, randomStream, sizeOf } from "../../src/base/index.js";
import { lower, trace } from "../../src/compile/index.js";
import { emptyGraph, GraphBuilder } from "../../src/onnx/index.js";
import { openSession } from "../../src/runtime/index.js";

const filled = (dims: readonly number[], key: string) =>
  float32(dims, randomStream(key).uniform(sizeOf(dims), -1, 1));

const attributes = { pads: [3, 2, 2, 4], dilations: [1, 2], group: 4 };
const shapes = { image: [2, 4, 9, 8], kernel: [4, 1, 6, 5], bias: [4] };

/** A depthwise convolution whose kernel and bias come with every run. */
function depthwise(operands: readonly (keyof typeof shapes)[]) {
  const build = new GraphBuilder(emptyGraph("depthwise", 20));
  for (const name of operands) build.input(name, "float32", shapes[name]);
  build.output(build.op("Neg", [build.op("Conv", operands, attributes)]), "result");
  const feeds = Object.fromEntries(operands.map((name) => [name, filled(shapes[name], name)]));
  return { graph: build.graph, feeds };
}

describe("a depthwise convolution by a computed kernel", () => {
  it.each([[["image", "kernel"]], [["image", "kernel", "bias"]]] as const)("of %j", async (operands) => {
    const { graph, feeds } = depthwise(operands);
    const { types } = await trace(graph);
    const lowered = lower(new GraphBuilder(graph), types, "cpu");
    expect(lowered.nodes.filter(({ op }) => op === "Conv").map(({ inputs }) => inputs)).not.toContainEqual(
      operands,
    );
    const [expected, actual] = await Promise.all(
      [graph, lowered].map(async (each) => (await (await openSession(each)).run(feeds)).result!),
    );
    expect(actual!.dims).toEqual(expected!.dims);
    const difference = Array.from(
      expected!.data as Float32Array,
      (value, i) => value - (actual!.data as Float32Array)[i]!,
    );
    expect(Math.max(...difference.map(Math.abs))).toBeLessThan(5e-6);
  });

  it("stays as it is where the kernel is stored as integers, which the engine fuses with it", async () => {
    const { graph } = depthwise(["image", "kernel"]);
    graph.inputs.pop();
    const build = new GraphBuilder(graph);
    const integers = {
      type: "int8",
      dims: shapes.kernel,
      data: new Int8Array(sizeOf(shapes.kernel)),
    } as const;
    const kernel = build.op("DequantizeLinear", [build.constant(integers), build.scalar(0.1)]);
    const stored = graph.nodes.pop()!;
    const nodes = graph.nodes.map((node) =>
      node.op === "Conv" ? { ...node, inputs: ["image", kernel] } : node,
    );
    graph.nodes = [stored, ...nodes];
    const { types } = await trace(graph, { unfolded: new Set(["DequantizeLinear"]) });
    expect(lower(new GraphBuilder(graph), types, "cpu").nodes.map(({ op }) => op)).toEqual([
      ...["DequantizeLinear", "Conv", "Neg", "Identity"],
    ]);
  });

  it("stays as it is where the kernel is constant", async () => {
    const { graph, feeds } = depthwise(["image", "kernel"]);
    graph.inputs.pop();
    graph.initializers.set("kernel", feeds.kernel!);
    const { types } = await trace(graph);
    expect(lower(new GraphBuilder(graph), types, "cpu").nodes.map(({ op }) => op)).toEqual([
      "Conv",
      "Neg",
      "Identity",
    ]);
  });
});
