/** The corpus: for each trait of models that people have, one small model with it, and what is expected of it. */
import { type DataType, float32, int64, type Tensor } from "../../src/base/index.js";
import { emptyGraph, type Graph, GraphBuilder, type Value } from "../../src/onnx/index.js";
import {
  binary,
  classes,
  firstLayer,
  height,
  hidden,
  type Network,
  network,
  pixels,
  resized,
  secondLayer,
  weightsFor,
  width,
} from "./plain.js";

/** A model that opens: its logits at the image's size are those of `network`. */
export interface Opens {
  readonly graph: Graph;
  readonly network: Network;
  readonly channels?: number;
  /** Number of classes, 2 for one channel. */
  readonly classes?: number;
  /** What `seawall grad` says of its check; "agrees" unless given. */
  readonly verdict?: string;
  /** What is said on opening. */
  readonly notice?: RegExp;
}

/** A model that is refused, in words that lead on. */
export interface Refused {
  readonly graph: Graph;
  readonly refused: RegExp;
}

interface Options {
  readonly channels?: number;
  readonly outputs?: number;
  readonly type?: DataType;
  readonly layout?: "nchw" | "nhwc";
  readonly opset?: number;
  /** The image's way to the first convolution. */
  readonly before?: (b: GraphBuilder, image: Value) => Value;
  /** The activation between the convolutions. */
  readonly between?: (b: GraphBuilder, maps: Value) => Value;
  /** The way from the logits to the output. */
  readonly after?: (b: GraphBuilder, logits: Value) => Value;
  /** Writes further outputs. */
  readonly more?: (b: GraphBuilder, logits: Value) => void;
  readonly output?: string;
}

const same = (_: GraphBuilder, value: Value) => value;
const tanh = (b: GraphBuilder, value: Value) => b.op("Tanh", [value]);

/** The network of `plain.ts` as a graph, with what a trait changes. */
function model(options: Options = {}): Graph {
  const { channels = 3, outputs = classes, type = "float32", layout = "nchw", opset = 18 } = options;
  const { before = same, between = tanh, after = same, more, output = "scores" } = options;
  const b = new GraphBuilder(emptyGraph("corpus", opset));
  const shape = layout === "nchw" ? [1, channels, height, width] : [1, height, width, channels];
  const image = before(b, b.input("image", type, shape));
  const weights = weightsFor(channels, outputs);
  const constant = (dims: readonly number[], values: readonly number[]) => {
    const value = b.constant(float32(dims, values), "weight");
    return type === "float32" || type === "uint8" ? value : b.cast(value, type);
  };
  const kernels = [
    constant([hidden, channels, 3, 3], weights.first),
    constant([outputs, hidden, 1, 1], weights.second),
  ] as const;
  const biases = [constant([hidden], weights.firstBias), constant([outputs], weights.secondBias)] as const;
  const maps = b.op("Conv", [image, kernels[0], biases[0]], { pads: [1, 1, 1, 1] });
  const logits = b.op("Conv", [between(b, maps), kernels[1], biases[1]]);
  b.output(after(b, logits), output);
  more?.(b, logits);
  return b.graph;
}

const bool = (value: boolean): Tensor => ({ type: "bool", dims: [], data: Uint8Array.of(value ? 1 : 0) });

/** A graph inside a node, with the names of the graph around it at hand. */
function body(b: GraphBuilder, write: (inner: GraphBuilder) => readonly Value[]) {
  const inner = b.nested("body");
  for (const value of write(inner)) inner.output(value);
  return { kind: "graph", value: inner.graph } as const;
}

function choose(b: GraphBuilder, condition: Value, x: Value): Value {
  const then_branch = body(b, (inner) => [inner.mul(x, 2)]);
  return b.op("If", [condition], { then_branch, else_branch: body(b, (inner) => [inner.neg(x)]) });
}

/** x ← x + tanh(x) / 8, `trips` times. */
function repeat(b: GraphBuilder, trips: Value, x: Value): Value {
  const inner = b.nested("body");
  const [turn, going, carried] = ["turn", "going", "carried"].map((name) => b.fresh(name)) as [
    Value,
    Value,
    Value,
  ];
  inner.input(turn, "int64", []);
  inner.input(going, "bool", []);
  inner.input(carried, "float32", [1, classes, height, width]);
  inner.output(going);
  inner.output(inner.add(carried, inner.mul(inner.op("Tanh", [carried]), 1 / 8)));
  return b.op("Loop", [trips, "", x], { body: { kind: "graph", value: inner.graph } });
}

/** The mean of the image is above a half. */
const isBright = (b: GraphBuilder, x: Value) =>
  b.op("Greater", [b.reduce("ReduceMean", x, [0, 1, 2, 3], false), b.scalar(0.5)]);

const each =
  (of: Network, change: (value: number) => number): Network =>
  (image) =>
    of(image).map(change);
const repeated = (value: number) => value + Math.tanh(value) / 8;
const softmax = (axis: number) => (b: GraphBuilder, x: Value) => b.op("Softmax", [x], { axis });
const sigmoid = (b: GraphBuilder, x: Value) => b.op("Sigmoid", [x]);
const one = binary(network(3, 1));

/** Keeps of every 2×2 block of each map its maximum, at its place. */
function unpooled(maps: Float64Array): Float64Array {
  return maps.map((value, i) => {
    const [y, x] = [Math.floor(i / width) % height, i % width];
    const corner = i - (y % 2) * width - (x % 2);
    return value === Math.max(...[0, 1, width, width + 1].map((step) => maps[corner + step]!)) ? value : 0;
  });
}

function halved(maps: Float64Array): Float64Array {
  const [h, w] = [height / 2, width / 2];
  return Float64Array.from({ length: maps.length / 4 }, (_, i) => {
    const [k, y, x] = [Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w];
    return maps[(k * height + 2 * y) * width + 2 * x]!;
  });
}

const everySecond = (b: GraphBuilder, x: Value) => b.slice(x, [2, 3], [0, 0], [height, width], [2, 2]);

/** Class logits 1×Q×(K+1) from the mean of each mask, and the masks: K = 4 queries stand in for classes. */
function queryOutputs(b: GraphBuilder, masks: Value): void {
  const mean = b.reshape(b.reduce("ReduceMean", masks, [2, 3]), [1, classes, 1]);
  const row = b.constant(float32([1, 1, classes + 1], [1, -1, 0.5, 2, -0.5]));
  b.output(b.mul(mean, row), "class_queries_logits");
}

const queryNetwork: Network = (image) => {
  const masks = network()(image);
  const scores = [1, -1, 0.5, 2, -0.5];
  const map = new Float64Array(classes * pixels);
  for (let q = 0; q < classes; q++) {
    const mask = masks.subarray(q * pixels, (q + 1) * pixels);
    const mean = mask.reduce((sum, value) => sum + value, 0) / pixels;
    const powers = scores.map((score) => Math.exp(score * mean));
    const total = powers.reduce((sum, value) => sum + value, 0);
    for (let k = 0; k < classes; k++)
      for (let p = 0; p < pixels; p++)
        map[k * pixels + p] = map[k * pixels + p]! + powers[k]! / total / (1 + Math.exp(-mask[p]!));
  }
  return map.map(Math.log);
};

/** The places of all pixels, as GridSample with align_corners reads them: it changes nothing. */
function identityGrid(b: GraphBuilder, type: DataType): Value {
  const places = Array.from({ length: pixels }, (_, i) => [
    (2 * (i % width)) / (width - 1) - 1,
    (2 * Math.floor(i / width)) / (height - 1) - 1,
  ]);
  return b.cast(b.constant(float32([1, height, width, 2], places.flat())), type);
}

const gridSample = (b: GraphBuilder, x: Value) =>
  b.op("GridSample", [x, identityGrid(b, "float64")], { mode: "bilinear", align_corners: 1 });

/** DeformConv with the identity as kernel, whose offsets are zero: it changes nothing. */
function deformConv(b: GraphBuilder, x: Value): Value {
  const identity = Array.from({ length: hidden * hidden }, (_, i) => (i % (hidden + 1) === 0 ? 1 : 0));
  const offsets = float32([1, 2, height, width], new Float32Array(2 * pixels));
  return b.op("DeformConv", [
    tanh(b, x),
    b.constant(float32([hidden, hidden, 1, 1], identity)),
    b.constant(offsets),
  ]);
}

function unpool(b: GraphBuilder, x: Value): Value {
  const [values, places] = b.ops("MaxPool", [x], 2, { kernel_shape: [2, 2], strides: [2, 2] });
  return b.op("Tanh", [b.op("MaxUnpool", [values!, places!], { kernel_shape: [2, 2], strides: [2, 2] })]);
}

/** The first convolution and its activation as the one node into which ONNX Runtime fuses them. */
function fused(): Graph {
  const graph = model({ between: (b, maps) => b.op("Relu", [maps]) });
  graph.domains.set("com.microsoft", 1);
  const relu = graph.nodes.findIndex(({ op }) => op === "Relu");
  const [conv] = graph.nodes;
  graph.nodes.splice(relu, 1);
  graph.nodes[0] = {
    ...conv!,
    op: "FusedConv",
    domain: "com.microsoft",
    outputs: ["fused"],
    attributes: { ...conv!.attributes, activation: { kind: "string", value: "Relu" } },
  };
  graph.nodes[1] = { ...graph.nodes[1]!, inputs: ["fused", ...graph.nodes[1]!.inputs.slice(1)] };
  return graph;
}

function inProcessorLayout(): Graph {
  const graph = model();
  graph.domains.set("com.microsoft.nchwc", 1);
  graph.nodes[0] = { ...graph.nodes[0]!, domain: "com.microsoft.nchwc" };
  return graph;
}

const relu: Network = (image) =>
  secondLayer(
    firstLayer(image, 3).map((value) => Math.max(value, 0)),
    3,
  );

const redOnly: Network = (image) => {
  const red = Float64Array.from(image);
  for (let i = pixels; i < red.length; i++) red[i] = red[i % pixels]!;
  return network()(red);
};

const twice = (value: number) => 2 * value;

/** Models that open, by trait. */
export const opening: Readonly<Record<string, () => Opens>> = {
  "nothing special": () => ({ graph: model(), network: network() }),
  "logits at half the size": () => ({
    graph: model({ after: everySecond }),
    network: (image) => resized(halved(network()(image)), height / 2, width / 2),
    notice: /resized/,
  }),
  "the name logits is taken": () => ({ graph: model({ output: "logits" }), network: network() }),
  float16: () => ({ graph: model({ type: "float16" }), network: network(), notice: /float16/ }),
  float64: () => ({ graph: model({ type: "float64" }), network: network(), notice: /float64/ }),
  "uint8, N×H×W×3": () => ({
    graph: model({
      type: "uint8",
      layout: "nhwc",
      before: (b, image) => b.div(b.transpose(b.cast(image, "float32"), [0, 3, 1, 2]), 255),
    }),
    network: network(),
    notice: /uint8/,
  }),
  "N×H×W×3 in and N×H×W×K out": () => ({
    graph: model({
      layout: "nhwc",
      before: (b, image) => b.transpose(image, [0, 3, 1, 2]),
      after: (b, logits) => b.transpose(logits, [0, 2, 3, 1]),
    }),
    network: network(),
  }),
  "one channel": () => ({ graph: model({ channels: 1 }), network: network(1), channels: 1 }),
  "five channels": () => ({ graph: model({ channels: 5 }), network: network(5), channels: 5 }),
  "one colour is read": () => ({
    graph: model({ before: (b, image) => b.concat(Array(3).fill(b.slice(image, [1], [0], [1])), 1) }),
    network: redOnly,
  }),
  Softmax: () => ({ graph: model({ after: softmax(1) }), network: network(), notice: /Softmax/ }),
  "ArgMax as uint8": () => ({
    graph: model({ after: (b, x) => b.cast(b.op("ArgMax", [x], { axis: 1, keepdims: 0 }), "uint8") }),
    network: network(),
    notice: /ArgMax/,
  }),
  "a threshold behind a Sigmoid": () => ({
    graph: model({ outputs: 1, after: (b, x) => b.op("Greater", [sigmoid(b, x), b.scalar(0.5)]) }),
    network: one,
    classes: 2,
    notice: /one channel/,
  }),
  "×255 as uint8 behind a Sigmoid": () => ({
    graph: model({ outputs: 1, after: (b, x) => b.cast(b.mul(sigmoid(b, x), 255), "uint8") }),
    network: one,
    classes: 2,
  }),
  "flat scores N×(H·W)×K": () => ({
    graph: model({
      after: (b, x) => softmax(2)(b, b.transpose(b.reshape(x, [1, classes, pixels]), [0, 2, 1])),
    }),
    network: network(),
  }),
  "a channel axis that was dropped": () => ({
    graph: model({ outputs: 1, after: (b, x) => b.reshape(x, [1, height, width]) }),
    network: one,
    classes: 2,
    notice: /N×H×W/,
  }),
  "the mask of one prompt, and its quality": () => ({
    graph: model({
      outputs: 1,
      after: (b, x) => b.reshape(x, [1, 1, 1, height, width]),
      more: (b, x) => b.output(b.reduce("ReduceMean", x, [2, 3]), "quality"),
    }),
    network: one,
    classes: 2,
    notice: /only "scores" is a map/,
  }),
  "queries with classes and masks": () => ({
    graph: model({ more: queryOutputs }),
    network: queryNetwork,
    notice: /query-based/,
  }),
  "If with a constant condition": () => ({
    graph: model({ after: (b, x) => choose(b, b.constant(bool(true)), x) }),
    network: each(network(), twice),
  }),
  "If on the image's size": () => ({
    graph: model({
      after: (b, x) => {
        const rows = b.op("Gather", [b.op("Shape", [x]), b.constant(int64([], [2]))]);
        return choose(b, b.op("Less", [rows, b.constant(int64([], [height + 1]))]), x);
      },
    }),
    network: each(network(), twice),
  }),
  "Loop with a constant number of turns": () => ({
    graph: model({ after: (b, x) => repeat(b, b.constant(int64([], [3])), x) }),
    network: each(network(), (value) => repeated(repeated(repeated(value)))),
  }),
  "fused operators": () => ({ graph: fused(), network: relu }),
  DeformConv: () => ({ graph: model({ opset: 19, between: deformConv }), network: network() }),
  Col2Im: () => ({
    graph: model({
      after: (b, x) =>
        b.op("Col2Im", [b.reshape(x, [1, classes, pixels]), b.ints([height, width]), b.ints([1, 1])]),
    }),
    network: network(),
  }),
  "GridSample in float64": () => ({
    graph: model({ after: (b, x) => b.cast(gridSample(b, b.cast(x, "float64")), "float32") }),
    network: network(),
    notice: /float64/,
  }),
  MaxUnpool: () => ({
    graph: model({ between: unpool }),
    network: (image) => secondLayer(unpooled(firstLayer(image, 3)).map(Math.tanh), 3),
  }),
  "a loss that is too flat to check": () => ({
    graph: model({ after: (b, x) => b.mul(x, 2 ** -16) }),
    network: each(network(), (value) => value * 2 ** -16),
    verdict: "flat",
  }),
};

/** Models that are refused, by trait. */
export const refused: Readonly<Record<string, () => Refused>> = {
  "If on the image's pixels": () => ({
    graph: model({
      before: (b, image) => b.op("Identity", [image]),
      after: (b, x) => choose(b, isBright(b, "image"), x),
    }),
    refused:
      /If .*which of its branches runs depends on the image; export the model with the branch that is used/,
  }),
  "Loop as often as the image says": () => ({
    graph: model({
      after: (b, x) => {
        const mean = b.reduce("ReduceMean", "image", [0, 1, 2, 3], false);
        return repeat(b, b.cast(b.mul(mean, 6), "int64"), x);
      },
    }),
    refused: /Loop .*how often it runs/,
  }),
  "the layout of one processor": () => ({
    graph: inProcessorLayout(),
    refused: /use the file before optimisation/,
  }),
  "scores that are not finite at some pixels": () => ({
    graph: model({ after: (b, x) => b.op("Log", [x]) }),
    refused: /not finite/,
  }),
  "classes alone, with no logits behind them": () => ({
    graph: model({ after: (b, x) => b.cast(b.mul(x, 3), "int64") }),
    refused: /no logits were found behind it/,
  }),
};
