/** Operators outside the standard: rewritten, they compute what the engine's own kernels compute. */
import { describe, expect, it } from "vitest";
import { float32, randomStream, SeawallError, sizeOf, type Tensor } from "../../src/base/index.js";
import { expansions } from "../../src/onnx/expansions/expand.js";
import {
  emptyGraph,
  float,
  floats,
  type Graph,
  GraphBuilder,
  readModel,
  writeModel,
} from "../../src/onnx/index.js";
import { slopes } from "../helpers/gradients.js";
import { runBytes } from "./helpers.js";

type Attributes = Parameters<GraphBuilder["op"]>[2];

/** One node to be rewritten: inputs by shape ("" for one left out), or given as tensors. */
interface Case {
  readonly op: string;
  readonly domain?: string;
  readonly inputs: readonly (readonly number[] | Tensor | "")[];
  readonly attributes?: Attributes;
  /** How many outputs are compared (1). */
  readonly outputs?: number;
  /** Outputs that exist in the node but are not compared: named "" in it. */
  readonly skipped?: readonly number[];
  readonly opset?: number;
}

const contrib = "com.microsoft";

/** A graph of the node alone, whose inputs are graph inputs; `feeds` are numbers drawn from the operator's name. */
function single({ op, domain = contrib, inputs, attributes, outputs = 1, skipped = [], opset = 18 }: Case) {
  const graph: Graph = emptyGraph("case", opset);
  if (domain !== "") graph.domains.set(domain, 1);
  const build = new GraphBuilder(graph);
  const feeds: Record<string, Tensor> = {};
  const names = inputs.map((input, i) => {
    if (input === "") return "";
    const name = `x${i}`;
    const tensor = "dims" in input ? input : drawn(input as readonly number[], `${op}/${i}`);
    build.input(name, tensor.type, tensor.dims);
    feeds[name] = tensor;
    return name;
  });
  const results = build.ops(op, names, outputs, attributes);
  const node = graph.nodes.pop()!;
  const kept = results.map((result, i) => (skipped.includes(i) ? "" : result));
  graph.nodes.push({ ...node, domain, outputs: kept });
  for (const result of kept) if (result) build.output(result);
  return { graph, feeds };
}

function drawn(dims: readonly number[], key: string): Tensor<"float32"> {
  return float32(dims, randomStream("expansions", key).uniform(sizeOf(dims), -1.5, 1.5));
}

const bools = (dims: readonly number[], values: readonly number[]): Tensor => ({
  type: "bool",
  dims,
  data: Uint8Array.from(values),
});
const int32 = (dims: readonly number[], values: readonly number[]): Tensor => ({
  type: "int32",
  dims,
  data: Int32Array.from(values),
});

const [n, s, d, heads] = [2, 5, 8, 2];
const attention23 = { domain: "", opset: 23, op: "Attention" };

const cases: Record<string, Case> = {
  Gelu: { op: "Gelu", inputs: [[3, 7]] },
  BiasGelu: { op: "BiasGelu", inputs: [[2, 3, 7], [7]] },
  FastGelu: { op: "FastGelu", inputs: [[2, 3, 7]] },
  "FastGelu with bias": { op: "FastGelu", inputs: [[2, 3, 7], [7]] },
  QuickGelu: { op: "QuickGelu", inputs: [[4, 5]] },
  "QuickGelu, alpha 1": { op: "QuickGelu", inputs: [[4, 5]], attributes: { alpha: float(1) } },
  FusedConv: {
    op: "FusedConv",
    inputs: [[1, 3, 8, 9], [4, 3, 3, 3], [4]],
    attributes: { pads: [1, 1, 1, 1], strides: [2, 1], activation: "Relu" },
  },
  "FusedConv with sum": {
    op: "FusedConv",
    inputs: [[1, 3, 6, 6], [4, 3, 3, 3], [4], [1, 4, 4, 4]],
    attributes: { activation: "Relu" },
  },
  "FusedConv, LeakyRelu": {
    op: "FusedConv",
    inputs: [
      [1, 3, 6, 6],
      [4, 3, 1, 1],
    ],
    attributes: { activation: "LeakyRelu", activation_params: floats([0.125]) },
  },
  "FusedConv, Clip": {
    op: "FusedConv",
    inputs: [
      [1, 3, 6, 6],
      [4, 3, 1, 1],
    ],
    attributes: { activation: "Clip", activation_params: floats([-0.5, 0.75]) },
  },
  "FusedConv, HardSigmoid": {
    op: "FusedConv",
    inputs: [
      [1, 3, 6, 6],
      [4, 3, 1, 1],
    ],
    attributes: { activation: "HardSigmoid", activation_params: floats([0.25, 0.4]) },
  },
  "FusedConv, Tanh": {
    op: "FusedConv",
    inputs: [
      [1, 3, 6, 6],
      [4, 3, 1, 1],
    ],
    attributes: { activation: "Tanh" },
  },
  "FusedConv, Sigmoid": {
    op: "FusedConv",
    inputs: [
      [1, 3, 6, 6],
      [4, 3, 1, 1],
    ],
    attributes: { activation: "Sigmoid" },
  },
  FusedGemm: {
    op: "FusedGemm",
    inputs: [[5, 3], [4, 5], [4]],
    attributes: {
      transA: 1,
      transB: 1,
      alpha: float(0.5),
      beta: float(2),
      activation: "LeakyRelu",
      activation_alpha: float(0.2),
    },
  },
  FusedMatMul: {
    op: "FusedMatMul",
    inputs: [
      [2, 5, 3],
      [2, 5, 4],
    ],
    attributes: { transA: 1, alpha: float(0.25) },
  },
  "FusedMatMul, B": {
    op: "FusedMatMul",
    inputs: [
      [2, 3, 5],
      [2, 4, 5],
    ],
    attributes: { transB: 1 },
  },
  "FusedMatMul, batch": {
    op: "FusedMatMul",
    inputs: [
      [3, 2, 5],
      [5, 2, 4],
    ],
    attributes: { transBatchA: 1, transBatchB: 1 },
  },
  "FusedMatMul, batch and rows": {
    op: "FusedMatMul",
    inputs: [
      [5, 2, 2, 3],
      [2, 2, 5, 4],
    ],
    attributes: { transA: 1, transBatchA: 1 },
  },
  SkipLayerNormalization: {
    op: "SkipLayerNormalization",
    inputs: [[n, s, d], [n, s, d], [d], [d], [d]],
    attributes: { epsilon: float(1e-5) },
    outputs: 4,
    skipped: [1, 2],
  },
  "SkipLayerNormalization without beta": {
    op: "SkipLayerNormalization",
    inputs: [[n, s, d], [n, s, d], [d]],
    attributes: { epsilon: float(1e-3) },
  },
  SimplifiedLayerNormalization: {
    op: "SimplifiedLayerNormalization",
    domain: "",
    inputs: [[n, s, d], [d]],
    attributes: { axis: -1, epsilon: float(1e-3) },
  },
  SkipSimplifiedLayerNormalization: {
    op: "SkipSimplifiedLayerNormalization",
    inputs: [[n, s, d], [n, s, d], [d], [d]],
    attributes: { epsilon: float(1e-3) },
    outputs: 4,
    skipped: [1, 2],
  },
  MultiHeadAttention: {
    op: "MultiHeadAttention",
    inputs: [
      [n, s, d],
      [n, 7, d],
      [n, 7, d],
    ],
    attributes: { num_heads: heads },
  },
  "MultiHeadAttention with bias": {
    op: "MultiHeadAttention",
    inputs: [[n, s, d], [n, 7, d], [n, 7, d], [3 * d]],
    attributes: { num_heads: heads, scale: float(0.3) },
  },
  "MultiHeadAttention with a padding mask": {
    op: "MultiHeadAttention",
    inputs: [[n, s, d], [n, 4, d], [n, 4, d], "", int32([n, 4], [1, 1, 1, 0, 1, 0, 1, 1])],
    attributes: { num_heads: heads },
  },
  "MultiHeadAttention with an attention bias": {
    op: "MultiHeadAttention",
    inputs: [[n, s, d], [n, 4, d], [n, 4, d], "", "", [1, heads, s, 4]],
    attributes: { num_heads: heads },
  },
  "MultiHeadAttention by heads": {
    op: "MultiHeadAttention",
    inputs: [
      [n, s, d],
      [n, heads, 6, d / heads],
      [n, heads, 6, d / heads],
    ],
    attributes: { num_heads: heads },
  },
  "com.microsoft.Attention": {
    op: "Attention",
    inputs: [[n, s, d], [d, 3 * d], [3 * d]],
    attributes: { num_heads: heads },
  },
  "com.microsoft.Attention with a mask": {
    op: "Attention",
    inputs: [[n, 4, d], [d, 3 * d], [3 * d], int32([n, 4], [1, 1, 0, 1, 0, 1, 1, 1])],
    attributes: { num_heads: heads },
  },
  "com.microsoft.Attention, unidirectional": {
    op: "Attention",
    inputs: [[n, s, d], [d, 3 * d], [3 * d]],
    attributes: { num_heads: heads, unidirectional: 1 },
  },
  "com.microsoft.Attention, sizes": {
    op: "Attention",
    inputs: [[n, s, d], [d, 8 + 8 + 12], [28]],
    attributes: { num_heads: heads, qkv_hidden_sizes: [8, 8, 12] },
  },
  "Attention, four axes": {
    ...attention23,
    inputs: [
      [n, 3, s, 4],
      [n, 3, 6, 4],
      [n, 3, 6, 5],
    ],
  },
  "Attention, three axes": {
    ...attention23,
    inputs: [
      [n, s, d],
      [n, 6, d],
      [n, 6, d],
    ],
    attributes: { q_num_heads: heads, kv_num_heads: heads },
  },
  "Attention, grouped": {
    ...attention23,
    inputs: [
      [n, 6, s, 4],
      [n, 2, 7, 4],
      [n, 2, 7, 4],
    ],
  },
  "Attention, grouped, three axes": {
    ...attention23,
    inputs: [
      [n, s, 24],
      [n, 7, 8],
      [n, 7, 8],
    ],
    attributes: { q_num_heads: 6, kv_num_heads: 2 },
  },
  "Attention, causal": {
    ...attention23,
    inputs: [
      [n, 3, s, 4],
      [n, 3, s, 4],
      [n, 3, s, 4],
    ],
    attributes: { is_causal: 1, scale: float(0.7) },
  },
  "Attention, causal, more keys than queries": {
    ...attention23,
    inputs: [
      [n, 3, 3, 4],
      [n, 3, 5, 4],
      [n, 3, 5, 4],
    ],
    attributes: { is_causal: 1 },
  },
  "Attention, boolean mask": {
    ...attention23,
    inputs: [[n, 3, 2, 4], [n, 3, 4, 4], [n, 3, 4, 4], bools([2, 4], [1, 0, 1, 1, 0, 1, 1, 0])],
  },
  "Attention, float mask and softcap": {
    ...attention23,
    inputs: [
      [n, 3, 2, 4],
      [n, 3, 4, 4],
      [n, 3, 4, 4],
      [n, 3, 2, 4],
    ],
    attributes: { softcap: float(0.8) },
  },
  "Attention, past keys": {
    ...attention23,
    inputs: [[n, 3, 2, 4], [n, 3, 2, 4], [n, 3, 2, 4], "", [n, 3, 3, 4], [n, 3, 3, 4]],
    outputs: 3,
    attributes: { is_causal: 1 },
  },
};

/** Offsets between two pixels: interpolation has a kink at every pixel. */
const offsets = (dims: readonly number[]) =>
  float32(dims, randomStream("offsets", ...dims).uniform(sizeOf(dims), 0.25, 0.75));

const deformed = { domain: "", op: "DeformConv", opset: 19 };
Object.assign(cases, {
  DeformConv: {
    ...deformed,
    inputs: [[2, 3, 6, 7], [4, 3, 3, 3], offsets([2, 18, 4, 5])],
    attributes: { kernel_shape: [3, 3] },
  },
  "DeformConv with bias, mask, strides, pads": {
    ...deformed,
    inputs: [[1, 4, 7, 8], [6, 2, 3, 2], offsets([1, 24, 4, 5]), [6], [1, 12, 4, 5]],
    attributes: { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 1, 1, 2], group: 2, offset_group: 2 },
  },
  "DeformConv, dilated": {
    ...deformed,
    inputs: [[1, 2, 7, 7], [3, 2, 2, 2], offsets([1, 8, 5, 5])],
    attributes: { kernel_shape: [2, 2], dilations: [2, 2] },
  },
} satisfies Record<string, Case>);

const layer = { domain: "", opset: 18 };
const [steps, batch, width, hidden] = [4, 2, 3, 5];
/** Inputs of a recurrent layer of `gates` gates: sequence, weights, recurrence, biases. */
const recurrentInputs = (gates: number, directions = 1) => [
  [steps, batch, width],
  [directions, gates * hidden, width],
  [directions, gates * hidden, hidden],
  [directions, 2 * gates * hidden],
];
const both = { hidden_size: hidden, direction: "bidirectional" };
const strings = (value: readonly string[]) => ({ kind: "strings", value }) as const;
Object.assign(cases, {
  RNN: { ...layer, op: "RNN", inputs: recurrentInputs(1), attributes: { hidden_size: hidden }, outputs: 2 },
  "RNN, other activations, backwards": {
    ...layer,
    op: "RNN",
    inputs: recurrentInputs(1),
    attributes: { hidden_size: hidden, direction: "reverse", activations: strings(["Sigmoid"]) },
    outputs: 2,
  },
  GRU: { ...layer, op: "GRU", inputs: recurrentInputs(3, 2), attributes: both, outputs: 2 },
  "GRU, linear before reset, with a first state": {
    ...layer,
    op: "GRU",
    inputs: [...recurrentInputs(3), "", [1, batch, hidden]],
    attributes: { hidden_size: hidden, linear_before_reset: 1 },
    outputs: 2,
  },
  LSTM: { ...layer, op: "LSTM", inputs: recurrentInputs(4, 2), attributes: both, outputs: 3 },
  "LSTM without bias, with first states": {
    ...layer,
    op: "LSTM",
    inputs: [...recurrentInputs(4).slice(0, 3), "", "", [1, batch, hidden], [1, batch, hidden]],
    attributes: { hidden_size: hidden },
    outputs: 3,
  },
  Scan: {
    ...layer,
    op: "Scan",
    inputs: [
      [2, 3],
      [4, 2, 3],
    ],
    attributes: { body: scanBody(), num_scan_inputs: 1 },
    outputs: 2,
  },
  "Scan along other axes, backwards": {
    ...layer,
    op: "Scan",
    inputs: [
      [2, 3],
      [2, 4, 3],
    ],
    attributes: {
      body: scanBody(),
      num_scan_inputs: 1,
      scan_input_axes: [1],
      scan_input_directions: [1],
      scan_output_axes: [-1],
      scan_output_directions: [1],
    },
    outputs: 2,
  },
} satisfies Record<string, Case>);

/** state ← tanh(state / 2 + slice), collected. */
function scanBody() {
  const b = new GraphBuilder(emptyGraph("body", 18));
  b.input("state", "float32", [2, 3]);
  b.input("slice", "float32", [2, 3]);
  const next = b.op("Tanh", [b.add(b.mul("state", 0.5), "slice")]);
  b.graph.outputs.push({ name: next, type: "float32", shape: [2, 3] });
  b.graph.outputs.push({ name: b.op("Identity", [next]), type: "float32", shape: [2, 3] });
  return { kind: "graph", value: b.graph } as const;
}

describe("operators outside the standard", () => {
  it.each(Object.entries(cases))("%s: equals the engine's own kernel", async (_, given) => {
    const { graph, feeds } = single(given);
    const bytes = writeModel(graph);
    const expanded = readModel(bytes);
    expect(expanded.nodes.map(({ domain, op }) => [domain, op])).not.toContainEqual([
      given.domain ?? contrib,
      given.op,
    ]);
    expect(new Set(expanded.nodes.map(({ domain }) => domain))).toEqual(new Set([""]));
    expect(expanded.domains.size).toBe(0);
    const expected = await runBytes(bytes, feeds);
    const actual = await runBytes(writeModel(expanded), feeds);
    for (const [name, tensor] of Object.entries(expected)) expectClose(actual[name]!, tensor);
  });

  // Kinks, which differences would straddle, are left to the tests of the rules.
  const smooth = Object.entries(cases).filter(([name]) => !/FusedConv|FusedGemm|mask/.test(name));
  it.each(smooth)("%s: has the gradient that differences have", async (_, given) => {
    const { graph, feeds } = single(given);
    const expanded = readModel(writeModel(graph));
    const { byRules, byDifferences, scale } = await slopes(
      expanded,
      feeds,
      expanded.outputs[0]!.name,
      given.op,
    );
    expect(Math.abs(byRules - byDifferences) / scale).toBeLessThan(2e-3);
  });

  it("has a case for every operator that the engine's CPU kernels can check", () => {
    const checked = new Set(Object.values(cases).map(({ domain = contrib, op }) => `${domain}:${op}`));
    const all = Object.entries(expansions).flatMap(([domain, table]) =>
      Object.keys(table).map((op) => `${domain}:${op}`),
    );
    // These have no CPU kernel; their own tests are below.
    const elsewhere = ["BiasAdd", "BiasSplitGelu", "GroupNorm", "SkipGroupNorm", "TransposeMatMul"];
    const aliases = ["SimplifiedLayerNormalization"];
    const expected = [...checked, ...[...elsewhere, ...aliases].map((op) => `${contrib}:${op}`)];
    expect(new Set(all)).toEqual(new Set(expected));
  });
});

function expectClose(actual: Tensor, expected: Tensor): void {
  expect(actual.dims).toEqual(expected.dims);
  const [a, b] = [actual.data as Float32Array, expected.data as Float32Array];
  const scale = Math.max(1, ...b.map(Math.abs));
  expect(Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / scale).toBeLessThan(2e-6);
}

describe("operators that only GPU kernels of the engine compute", () => {
  const run = async (given: Case) => {
    const { graph, feeds } = single(given);
    const expanded = readModel(writeModel(graph));
    const [result] = Object.values(await runBytes(writeModel(expanded), feeds));
    return { feeds: feeds as Record<string, Tensor<"float32">>, result: result as Tensor<"float32"> };
  };
  const erf = (x: number) => {
    // The series of the error function; |x| ≤ 2 here.
    let [term, sum] = [x, x];
    for (let k = 1; k < 60; k++) {
      term *= (-x * x) / k;
      sum += term / (2 * k + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  };

  it("BiasSplitGelu: left half times Gelu of the right half", async () => {
    const { feeds, result } = await run({ op: "BiasSplitGelu", inputs: [[1, 2, 6], [6]] });
    const [x, bias] = [feeds.x0!.data, feeds.x1!.data];
    const at = (row: number, column: number) => x[row * 6 + column]! + bias[column]!;
    for (const row of [0, 1]) {
      for (const column of [0, 1, 2]) {
        const right = at(row, column + 3);
        const expected = at(row, column) * 0.5 * right * (1 + erf(right / Math.SQRT2));
        expect(result.data[row * 3 + column]).toBeCloseTo(expected, 5);
      }
    }
  });

  it("BiasAdd: x + bias + skip", async () => {
    const { feeds, result } = await run({ op: "BiasAdd", inputs: [[1, 2, 3], [3], [1, 2, 3]] });
    const { x0, x1, x2 } = feeds;
    const expected = x0!.data.map((value, i) => value + x1!.data[i % 3]! + x2!.data[i]!);
    expect([...result.data]).toEqual([...expected]);
  });

  it.each([0, 1])("GroupNorm, activation %d: mean 0 and variance 1 in each group", async (activation) => {
    const [height, width, channels, groups] = [3, 4, 6, 2];
    const { feeds, result } = await run({
      op: "GroupNorm",
      inputs: [[1, height, width, channels], [channels], [channels]],
      attributes: { groups, activation, epsilon: float(1e-3) },
    });
    const { x0, x1, x2 } = feeds;
    const size = channels / groups;
    for (let group = 0; group < groups; group++) {
      const inGroup = (i: number) => Math.floor((i % channels) / size) === group;
      const values = x0!.data.filter((_, i) => inGroup(i));
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
      for (const [i, value] of x0!.data.entries()) {
        if (!inGroup(i)) continue;
        const channel = i % channels;
        const scaled =
          ((value - mean) / Math.sqrt(variance + 1e-3)) * x1!.data[channel]! + x2!.data[channel]!;
        const expected = activation ? scaled / (1 + Math.exp(-scaled)) : scaled;
        expect(result.data[i]).toBeCloseTo(expected, 4);
      }
    }
  });

  it("SkipGroupNorm: the sum first", async () => {
    const channels = 4;
    const shape = [1, 2, 2, channels];
    const attributes = { groups: 2, activation: 0 };
    const skip = await run({
      op: "SkipGroupNorm",
      inputs: [shape, [channels], [channels], shape, [channels]],
      attributes,
    });
    const sum = skip.feeds.x0!.data.map(
      (value, i) => value + skip.feeds.x3!.data[i]! + skip.feeds.x4!.data[i % channels]!,
    );
    const plain = await run({
      op: "GroupNorm",
      inputs: [float32(shape, sum), skip.feeds.x1!, skip.feeds.x2!],
      attributes,
    });
    expectClose(skip.result, plain.result);
  });
});

it("DeformConv takes its kernel's size from a stored weight", async () => {
  const given = single({
    ...deformed,
    inputs: [[1, 2, 5, 6], drawn([3, 2, 2, 3], "weight"), offsets([1, 12, 4, 4])],
  });
  const weight = given.feeds.x1!;
  given.graph.inputs = given.graph.inputs.filter(({ name }) => name !== "x1");
  given.graph.initializers.set("x1", weight);
  const { x1: _, ...feeds } = given.feeds;
  const bytes = writeModel(given.graph);
  const expected = Object.values(await runBytes(bytes, feeds))[0]!;
  const actual = Object.values(await runBytes(writeModel(readModel(bytes)), feeds))[0]!;
  expectClose(actual, expected);
});

describe("what has no standard form is refused with the reason", () => {
  const refusal = (given: Case) => () => readModel(writeModel(single(given).graph), { file: "model.onnx" });

  it.each<[string, Case, RegExp]>([
    [
      "an unknown fused activation",
      {
        op: "FusedConv",
        inputs: [
          [1, 1, 2, 2],
          [1, 1, 1, 1],
        ],
        attributes: { activation: "Softsign" },
      },
      /FusedConv "FusedConv".*its activation is Softsign/,
    ],
    [
      "packed query, key and value",
      { op: "MultiHeadAttention", inputs: [[1, 2, 2, 3, 4]], attributes: { num_heads: 2 } },
      /query, key and value are packed/,
    ],
    [
      "unidirectional heads",
      {
        op: "MultiHeadAttention",
        inputs: [
          [1, 2, 4],
          [1, 3, 4],
          [1, 3, 4],
        ],
        attributes: { num_heads: 2, unidirectional: 1 },
      },
      /it is unidirectional/,
    ],
    [
      "masks by length",
      { op: "Attention", inputs: [[1, 2, 4], [4, 12], [12], int32([1], [2])], attributes: { num_heads: 2 } },
      /its mask does not have the shape N×T/,
    ],
    [
      "a memory layout of one processor",
      {
        op: "Conv",
        domain: "com.microsoft.nchwc",
        inputs: [
          [1, 8, 2, 2],
          [8, 8, 1, 1],
        ],
      },
      /optimised for one kind of processor.*use the file before optimisation/,
    ],
  ])("%s", (_, given, message) => {
    expect(refusal(given)).toThrow(SeawallError);
    expect(refusal(given)).toThrow(message);
    expect(refusal(given)).toThrow(/^model\.onnx: /);
  });
});
