/** The model on real numbers computes what integers compute, operator by operator, and refuses what it does not know. */
import { describe, expect, it } from "vitest";
import { float32, int64, numbersOf, randomStream, sizeOf, type Tensor } from "../../src/base/index.js";
import { trace } from "../../src/compile/index.js";
import {
  emptyGraph,
  type Graph,
  GraphBuilder,
  onRealNumbers,
  quantizersOf,
  type Value,
} from "../../src/onnx/index.js";
import { exportGradient } from "../../src/oracle/index.js";
import { openSession } from "../../src/runtime/index.js";
import { integers } from "../helpers/quantised.js";

const microsoft = "com.microsoft";
const shape = [1, 4, 6, 6];
const x = float32(shape, randomStream("quantization").uniform(sizeOf(shape), -1, 1));
const [scale, zero] = [0.007, 101];

/** `write` gets the integers of `x`, and gives those of the output, which has the same scheme. */
function between(
  write: (build: GraphBuilder, q: Value, scheme: readonly [Value, Value]) => Value,
  opset = 18,
): Graph {
  const build = new GraphBuilder(emptyGraph("between", opset));
  build.graph.domains.set(microsoft, 1);
  const scheme = [build.scalar(scale), build.constant(integers("uint8", [], [zero]))] as const;
  const q = build.op("QuantizeLinear", [build.input("x", "float32", shape), ...scheme]);
  build.output(build.op("DequantizeLinear", [write(build, q, scheme), ...scheme]), "y");
  return build.graph;
}

async function run(
  graph: Graph,
  feeds: Readonly<Record<string, Tensor>>,
  optimization: "none" | "all" = "none",
) {
  const session = await openSession(graph, { optimization, threads: 1 });
  try {
    return Object.fromEntries(
      Object.entries(await session.run(feeds)).map(([name, { data }]) => [
        name,
        Array.from(data as Float32Array),
      ]),
    );
  } finally {
    await session.dispose();
  }
}

/** Largest distance between the outputs of the graph and of its float meaning, in steps of the output's scale. */
async function steps(graph: Graph): Promise<number> {
  const { graph: traced, types } = await trace(graph, { unfolded: new Set(["DequantizeLinear"]) });
  const real = onRealNumbers(traced, types);
  expect(quantizersOf(traced, ["x"]).length).toBeGreaterThan(0);
  const [own, meant] = [(await run(traced, { x })).y!, (await run(real, { x })).y!];
  expect(new Set(own).size).toBeGreaterThan(3);
  return Math.max(...own.map((value, i) => Math.abs(value - meant[i]!) / scale));
}

const ints = (...values: number[]) => int64([values.length], values);
const byte = (...values: number[]) => integers("uint8", [values.length], values);

describe("operators that move integers", () => {
  it.each<[string, (build: GraphBuilder, q: Value) => Value]>([
    ["MaxPool", (b, q) => b.op("MaxPool", [q], { kernel_shape: [2, 2] })],
    ["Pad, with the integer 0", (b, q) => b.op("Pad", [q, b.constant(ints(0, 0, 1, 1, 0, 0, 1, 1))])],
    [
      "Pad, with another integer",
      (b, q) =>
        b.op("Pad", [q, b.constant(ints(0, 0, 1, 0, 0, 0, 0, 2)), b.constant(integers("uint8", [], [9]))]),
    ],
    ["Transpose", (b, q) => b.transpose(q, [0, 2, 3, 1])],
    ["Reshape", (b, q) => b.reshape(q, [1, 2, 12, 6])],
    ["Slice", (b, q) => b.slice(q, [2], [1], [5])],
    ["Split", (b, q) => b.ops("Split", [q], 2, { axis: 1, num_outputs: 2 })[1]!],
    ["Gather", (b, q) => b.op("Gather", [q, b.constant(ints(2, 0))], { axis: 1 })],
    [
      "Resize to nearest",
      (b, q) => b.op("Resize", [q, "", b.constant(float32([4], [1, 1, 2, 2]))], { mode: "nearest" }),
    ],
    [
      "Concat with constant integers",
      (b, q) =>
        b.concat(
          [
            q,
            b.constant(
              integers(
                "uint8",
                [1, 1, 6, 6],
                Array.from({ length: 36 }, (_, i) => 7 * i),
              ),
            ),
          ],
          1,
        ),
    ],
    ["DepthToSpace", (b, q) => b.op("DepthToSpace", [q], { blocksize: 2 })],
    [
      "Squeeze and Unsqueeze",
      (b, q) => b.op("Unsqueeze", [b.op("Squeeze", [q, b.constant(ints(0))]), b.constant(ints(0))]),
    ],
    ["Max of two", (b, q) => b.op("Max", [q, b.constant(byte(90))])],
    [
      "Clip to integers",
      (b, q) =>
        b.op("Clip", [q, b.constant(integers("uint8", [], [60])), b.constant(integers("uint8", [], [150]))]),
    ],
    [
      "Where",
      (b, q) =>
        b.where(b.constant(integers("bool", [6], [1, 0, 1, 1, 0, 0])), q, b.constant(byte(33)) as never),
    ],
  ])("%s", async (_, write) => {
    expect(await steps(between(write))).toBeLessThan(1e-4);
  });
});

describe("operators of ONNX Runtime on integers, to one integer", () => {
  const own =
    (op: string, attributes = {}) =>
    (b: GraphBuilder, q: Value, s: readonly [Value, Value]) =>
      b.ops(op, [q, ...s, ...s], 1, attributes, microsoft)[0]!;
  it.each<[string, (build: GraphBuilder, q: Value, scheme: readonly [Value, Value]) => Value]>([
    ["QLinearGlobalAveragePool", own("QLinearGlobalAveragePool", { channels_last: 0 })],
    [
      "QLinearConcat of two schemes",
      (b, q, s) =>
        b.ops(
          "QLinearConcat",
          [...s, q, ...s, q, b.scalar(0.004), b.constant(integers("uint8", [], [80]))],
          1,
          { axis: 1 },
          microsoft,
        )[0]!,
    ],
    [
      "QLinearWhere",
      (b, q, s) =>
        b.ops(
          "QLinearWhere",
          [b.constant(integers("bool", [6], [1, 0, 1, 1, 0, 0])), q, ...s, q, b.scalar(0.004), s[1], ...s],
          1,
          {},
          microsoft,
        )[0]!,
    ],
  ])("%s", async (_, write) => {
    expect(await steps(between(write))).toBeLessThan(1.001);
  });
});

it("sums of integer products may be shifted and scaled", async () => {
  const build = new GraphBuilder(emptyGraph("sums", 18));
  const kernel = build.constant(integers("uint8", [2, 4, 1, 1], [1, 200, 3, 90, 255, 0, 17, 120]));
  const [q, step, at] = build.ops("DynamicQuantizeLinear", [build.input("x", "float32", shape)], 3);
  const sum = build.op("ConvInteger", [q!, kernel, at!, build.constant(integers("uint8", [], [100]))]);
  const moved = build.add(sum, build.constant(integers("int32", [2, 1, 1], [5000, -700])));
  build.output(build.mul(build.cast(moved, "float32"), build.mul(step!, scale)), "y");
  expect(await steps(build.graph)).toBeLessThan(1e-3);
});

describe("quantisers", () => {
  /** x → integers → y, with a scheme for each channel or one. */
  function chain(type: "int8" | "int16" | "uint16", domain: string, opset: number, channels: boolean): Graph {
    const build = new GraphBuilder(emptyGraph("chain", opset));
    build.graph.domains.set(microsoft, 1);
    const half = type === "int8" ? 64 : 16384;
    const dims = channels ? [4] : [];
    const factors = channels ? [1, 0.5, 2, 0.25] : [1];
    const scheme = [
      build.constant(
        float32(
          dims,
          factors.map((f) => f / half),
        ),
      ),
      build.constant(
        integers(
          type,
          dims,
          factors.map((_, i) => (type === "uint16" ? 30000 : 10 * i)),
        ),
      ),
    ];
    const [q] = build.ops(
      "QuantizeLinear",
      [build.input("x", "float32", shape), ...scheme],
      1,
      { axis: 1 },
      domain,
    );
    build.output(build.ops("DequantizeLinear", [q!, ...scheme], 1, { axis: 1 }, domain)[0]!, "y");
    return build.graph;
  }

  it.each([
    ["int8, a scheme for each channel", chain("int8", "", 18, true)],
    ["int16 of ONNX Runtime", chain("int16", microsoft, 18, false)],
    ["uint16 of the standard, a scheme for each channel", chain("uint16", "", 21, true)],
  ])("%s: the gradient is 1 inside the range and 0 outside", async (_, graph) => {
    const wide = float32(
      shape,
      (x.data as Float32Array).map((value) => 3 * value),
    );
    const seed = float32(shape, randomStream("seed").uniform(sizeOf(shape), 0.5, 1));
    const { graph: differentiated, check } = await exportGradient(graph, { loss: "none" });
    const { y, grad } = await run(differentiated, { x: wide, output_grad: seed }, "all");
    expect(y).toEqual((await run(graph, { x: wide }, "all")).y);
    expect(check?.verdict).toBe("estimate");
    // A number that is moved by at most half a step was rounded; any other was cut to the range.
    const widths = numbersOf(graph.initializers.get(graph.nodes[0]!.inputs[1]!)!);
    const step = (i: number) => widths[Math.floor(i / 36) % widths.length]!;
    const inside = y!.map((value, i) => Math.abs(value - wide.data[i]!) <= 0.501 * step(i) + 1e-6);
    expect(new Set(inside).size).toBe(2);
    for (const [i, g] of grad!.entries()) expect(g).toBeCloseTo(inside[i] ? seed.data[i]! : 0, 5);
  });
});

it("an operator that has no meaning on integers is refused with its name", async () => {
  const graph = between((b, q) => b.op("BitwiseNot", [q]));
  await expect(exportGradient(graph, { loss: "none" })).rejects.toThrow(
    /BitwiseNot "BitwiseNot": the gradient of a quantised model cannot pass it: it reads integers/,
  );
});

it("a model of which only weights are integers is no estimate", async () => {
  const build = new GraphBuilder(emptyGraph("weights", 18));
  const kernel = build.constant(integers("int8", [2, 4, 1, 1], [1, -20, 3, 90, -125, 0, 17, 120]));
  const weights = build.op("DequantizeLinear", [kernel, build.scalar(0.01)]);
  build.output(build.op("Tanh", [build.op("Conv", [build.input("x", "float32", shape), weights])]), "y");
  const { check, notices, graph } = await exportGradient(build.graph, { loss: "none" });
  expect([check?.verdict, notices]).toEqual(["agrees", []]);
  expect(graph.nodes.map(({ op }) => op)).not.toContain("DequantizeLinear");
});

it("--params is refused for a quantised model", async () => {
  const build = new GraphBuilder(emptyGraph("trained", 18));
  const weights = build.constant(float32([6], [1, 2, 3, 4, 5, 6]), "weights");
  const product = build.mul(build.input("x", "float32", shape), weights);
  const scheme = [build.scalar(scale), build.constant(integers("uint8", [], [zero]))];
  const q = build.op("QuantizeLinear", [product, ...scheme]);
  build.output(build.op("DequantizeLinear", [q, ...scheme]), "y");
  const { graph } = build;
  await expect(exportGradient(graph, { loss: "none", params: true })).rejects.toThrow(
    /weights of a quantised model are integers/,
  );
});
