/** Folding into weights: the nodes that are folded, those that must not be, and results equal up to rounding. */
import { describe, expect, it } from "vitest";
import { float32 } from "../../src/base/index.js";
import {
  type AttributeInput,
  emptyGraph,
  float,
  foldBatchNorm,
  type Graph,
  GraphBuilder,
  writeModel,
} from "../../src/onnx/index.js";
import { draw, drawFeeds, relativeDifference, runBytes } from "./helpers.js";

type Write = (b: GraphBuilder, x: string) => string;

function build(shape: readonly (number | string)[], write: Write): Graph {
  const graph = emptyGraph("test", 18);
  const b = new GraphBuilder(graph);
  b.output(write(b, b.input("x", "float32", shape)), "y");
  return graph;
}

const ops = (graph: Graph) => graph.nodes.map((node) => node.op);

const weights = (b: GraphBuilder, dims: readonly number[], key = "w") =>
  b.constant(draw(key, "float32", dims), key);

function norm(b: GraphBuilder, x: string, channels: number, attributes: Record<string, AttributeInput> = {}) {
  const variance = float32(
    [channels],
    Array.from({ length: channels }, (_, i) => (i === 1 ? 1e-6 : i + 0.1)),
  );
  const parameters = ["gamma", "beta", "mean"].map((key) => weights(b, [channels], key));
  return b.op("BatchNormalization", [x, ...parameters, b.constant(variance, "variance")], {
    epsilon: float(1e-3),
    ...attributes,
  });
}

async function expectClose(before: Graph, after: Graph) {
  const feeds = drawFeeds(before);
  const expected = await runBytes(writeModel(before), feeds);
  expect(relativeDifference(await runBytes(writeModel(after), feeds), expected)).toBeLessThan(1e-6);
}

const image = ["batch", 4, 5, 6];
const conv = (b: GraphBuilder, x: string, bias = true) =>
  b.op("Conv", [x, weights(b, [6, 4, 3, 3]), ...(bias ? [weights(b, [6], "b")] : [])]);

const folded: [string, readonly (number | string)[], Write, string[]][] = [
  ["convolution", image, (b, x) => norm(b, conv(b, x), 6), ["Conv"]],
  ["convolution without bias", image, (b, x) => norm(b, conv(b, x, false), 6), ["Conv"]],
  [
    "grouped convolution",
    image,
    (b, x) => norm(b, b.op("Conv", [x, weights(b, [6, 2, 3, 2])], { group: 2 }), 6),
    ["Conv"],
  ],
  [
    "transposed convolution",
    image,
    (b, x) => norm(b, b.op("ConvTranspose", [x, weights(b, [4, 3, 2, 3]), weights(b, [3], "b")]), 3),
    ["ConvTranspose"],
  ],
  [
    "grouped transposed convolution",
    image,
    (b, x) => norm(b, b.op("ConvTranspose", [x, weights(b, [4, 3, 2, 3])], { group: 2, strides: [2, 1] }), 6),
    ["ConvTranspose"],
  ],
  [
    "convolution along a line",
    ["batch", 4, 9],
    (b, x) => norm(b, b.op("Conv", [x, weights(b, [5, 4, 3])]), 5),
    ["Conv"],
  ],
  [
    "Gemm",
    ["batch", 4],
    (b, x) =>
      norm(b, b.op("Gemm", [x, weights(b, [4, 3]), weights(b, [1, 3], "b")], { beta: float(0.5) }), 3),
    ["Gemm"],
  ],
  [
    "Gemm with transposed weights",
    ["batch", 4],
    (b, x) =>
      norm(b, b.op("Gemm", [x, weights(b, [3, 4]), weights(b, [1], "b")], { transB: 1, alpha: float(2) }), 3),
    ["Gemm"],
  ],
  ["MatMul", ["batch", 4], (b, x) => norm(b, b.matmul(x, weights(b, [4, 3])), 3), ["Gemm"]],
  [
    "arithmetic per channel",
    image,
    (b, x) => {
      const scaled = b.mul(weights(b, [6, 1, 1], "scale"), conv(b, x));
      const shifted = b.sub(b.add(scaled, weights(b, [1, 6, 1, 1], "shift")), 0.3);
      return b.op("Sub", [0.7, b.div(shifted, weights(b, [6, 1, 1], "divisor"))]);
    },
    ["Conv"],
  ],
  [
    "normalization after arithmetic after normalization",
    image,
    (b, x) => norm(b, b.mul(norm(b, conv(b, x), 6), 2), 6),
    ["Conv"],
  ],
  ["nothing: normalization alone", image, (b, x) => norm(b, b.op("Relu", [x]), 4), ["Relu", "Mul", "Add"]],
  ["nothing: normalization of a list", ["batch", 4], (b, x) => norm(b, x, 4), ["Mul", "Add"]],
];

const kept: [string, readonly (number | string)[], Write][] = [
  [
    "a value that is read twice",
    image,
    (b, x) => {
      const y = conv(b, x);
      return b.concat([b.mul(y, 2), y], 1);
    },
  ],
  [
    "a value that is an output",
    image,
    (b, x) => {
      const y = conv(b, x);
      b.output(y);
      return b.mul(y, 2);
    },
  ],
  ["a value added to itself", image, (b, x) => ((y: string) => b.add(y, y))(conv(b, x))],
  [
    "weights that are no constants",
    image,
    (b, x) => {
      const w = b.input("w", "float32", [6, 4, 3, 3]);
      return b.mul(b.op("Conv", [x, w]), 2);
    },
  ],
  ["constants along the width", image, (b, x) => b.add(conv(b, x), weights(b, [4], "row"))],
  ["constants per pixel", image, (b, x) => b.add(conv(b, x), weights(b, [6, 3, 4], "all"))],
  ["constants of higher rank", image, (b, x) => b.add(conv(b, x), weights(b, [1, 1, 6, 1, 1], "five"))],
  [
    "one channel broadcast to several",
    image,
    (b, x) => b.add(b.op("Conv", [x, weights(b, [1, 4, 3, 3])]), weights(b, [3, 1, 1], "c")),
  ],
  ["a number divided by a value", image, (b, x) => b.op("Div", [2, conv(b, x)])],
  ["a division by zero", image, (b, x) => b.div(conv(b, x), 0)],
  [
    "a Gemm with a bias per row",
    [2, 4],
    (b, x) => norm(b, b.op("Gemm", [x, weights(b, [4, 3]), weights(b, [2, 1], "b")]), 3),
  ],
  [
    "a MatMul of several matrices",
    ["batch", 3, 4],
    (b, x) => b.add(b.matmul(x, weights(b, [4, 3])), weights(b, [3, 1], "c")),
  ],
];

describe("foldBatchNorm", () => {
  it.each(folded)("folds into %s", async (_, shape, write, expected) => {
    const graph = build(shape, write);
    const after = foldBatchNorm(graph);
    expect(ops(after)).toEqual([...expected, "Identity"]);
    expect(after.outputs).toEqual(graph.outputs);
    await expectClose(graph, after);
  });

  it.each(kept)("does not fold %s", (_, shape, write) => {
    const graph = build(shape, write);
    const after = foldBatchNorm(graph);
    // Only the normalization after the Gemm becomes Mul and Add.
    expect(ops(after).filter((op) => op !== "Mul" && op !== "Add")).toEqual(
      ops(graph).filter((op) => op !== "Mul" && op !== "Add" && op !== "BatchNormalization"),
    );
    for (const [name, tensor] of after.initializers) {
      if (graph.initializers.has(name)) expect(tensor).toBe(graph.initializers.get(name));
    }
    expect(after.initializers.has("w") || after.inputs.length > 1).toBe(true);
  });

  it("leaves the given graph and weights that others share alone", async () => {
    const graph = build(image, (b, x) => {
      const w = weights(b, [6, 4, 3, 3]);
      const [one, two] = [b.op("Conv", [x, w]), b.op("Conv", [b.neg(x), w])];
      return b.add(norm(b, one, 6), two);
    });
    const shared = graph.initializers.get("w")!;
    const before = [...(shared.data as Float32Array)];
    const after = foldBatchNorm(graph);
    expect(ops(after)).toEqual(["Conv", "Neg", "Conv", "Add", "Identity"]);
    expect(after.initializers.get("w") === shared).toBe(true);
    expect([...(shared.data as Float32Array)]).toEqual(before);
    await expectClose(graph, after);
  });

  it("leaves normalization alone that trains, and one of unknown rank", () => {
    const training = build(image, (b, x) => norm(b, conv(b, x), 6, { training_mode: 1 }));
    const hidden = build(image, (b, x) => norm(b, b.op("Reshape", [x, b.op("Shape", [x])]), 4));
    for (const graph of [training, hidden]) expect(ops(foldBatchNorm(graph))).toEqual(ops(graph));
  });

  it("keeps the output's name when the folded node makes it", async () => {
    const graph = build(image, (b, x) => norm(b, conv(b, x), 6));
    graph.nodes.pop();
    graph.outputs = [{ ...graph.outputs[0]!, name: graph.nodes.at(-1)!.outputs[0]! }];
    const after = foldBatchNorm(graph);
    expect(ops(after)).toEqual(["Conv"]);
    await expectClose(graph, after);
  });
});
