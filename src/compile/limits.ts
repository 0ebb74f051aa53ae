/** Limits on memory and work of a graph, checked before it is run: a small file can ask for more than any machine has. */
import type { TypedShape } from "../autodiff/index.js";
import { arrayConstructors, formatCount, numbersOf, SeawallError, sizeOf } from "../base/index.js";
import {
  attribute,
  describeNode,
  type Graph,
  type Node,
  readsOf,
  subgraphsOf,
  type Value,
} from "../onnx/index.js";
import { machineMemory } from "../runtime/index.js";

/** Bytes of one value. A million pixels with a thousand float channels fit. */
const largestValue = 2 ** 32;
/** Bytes of all values that do not depend on the image, together. */
const largestConstants = 2 ** 31;
/** Multiplications and additions for these values: some seconds. */
const mostConstantWork = 2 ** 36;
/** Multiplications and additions of one pass: fifty times those of the largest known models at 1024×1024. */
const mostWork = 2 ** 47;

/** Nodes of a network. The engine takes time that grows with their square: minutes for so many, hours for ten times more. */
const mostNodes = 20_000;

/** @throws SeawallError `unsupported` for a network of more nodes than the engine opens in a reasonable time */
export function refuseManyNodes({ nodes }: Graph): void {
  if (nodes.length <= mostNodes) return;
  throw new SeawallError(
    "unsupported",
    `the network has ${formatCount(nodes.length)} nodes, expected at most ${formatCount(mostNodes)}; check the origin of the file, or simplify the network before it is exported`,
  );
}

type Types = ReadonlyMap<Value, TypedShape>;

/**
 * Checks the values that are measured so far.
 * @param constants the values that do not depend on the image's pixels
 * @throws SeawallError `unsupported`, naming the node
 */
export function refuseLargeValues(graph: Graph, types: Types, constants: ReadonlySet<Value>): void {
  const sums = { bytes: 0, constantWork: 0, work: 0 };
  for (const node of graph.nodes) {
    if (![...node.outputs, ...readsOf(node)].every((value) => value === "" || types.has(value))) continue;
    if (longestAxis(node, graph, types) > longest) throw tooLarge(node, "asks for an axis of over 2³¹");
    const largest = node.outputs.reduce((most, value) => Math.max(most, valueBytes(types.get(value))), 0);
    if (largest > largestValue) throw tooLarge(node, `makes a value of ${gibibytes(largest)}`);
    const work = workOf(node, types);
    sums.work += work;
    if (sums.work > mostWork) throw tooLarge(node, "and the nodes before it take more work than a day");
    if (!node.outputs.every((value) => value === "" || constants.has(value))) continue;
    sums.bytes += node.outputs.reduce((sum, value) => sum + valueBytes(types.get(value)), 0);
    sums.constantWork += work;
    if (sums.bytes > largestConstants)
      throw tooLarge(node, `and the constants before it take more than ${gibibytes(largestConstants)}`);
    if (sums.constantWork > mostConstantWork)
      throw tooLarge(node, "and the constants before it take too long to compute");
  }
  refuseMemory(graph, types);
}

/** @throws SeawallError `unsupported` for an input that no image can fill */
export function refuseLargeInput(name: Value, typed: TypedShape): void {
  const bytes = valueBytes(typed);
  if (bytes <= largestValue) return;
  throw new SeawallError(
    "unsupported",
    `input "${name}" [${typed.shape.join(", ")}] takes ${gibibytes(bytes)}, more than any image; check the origin of the file, or give another size with --input-shape`,
  );
}

/** The engine tells lengths from here on wrongly. */
const longest = 2 ** 31;

/** An operator that makes long axes of short ones. */
interface Growing {
  /** Inputs that hold lengths; the others lie in attributes. */
  readonly sizes: readonly number[];
  /** A bound on the longest axis: from the largest of these numbers, and the longest axis of an input. */
  readonly bound: (largest: number, length: number, node: Node) => number;
}

const given = (...sizes: number[]): Growing => ({ sizes, bound: (largest) => largest });
const times = (...sizes: number[]): Growing => ({
  sizes,
  bound: (largest, length) => length * (largest + 2),
});
const plus = (...sizes: number[]): Growing => ({ sizes, bound: (largest, length) => length + 2 * largest });

const growing: Readonly<Record<string, Growing>> = {
  ...{ ConstantOfShape: given(0), Expand: given(1), OneHot: given(1), AffineGrid: given(1) },
  ...{ MaxUnpool: given(2), CenterCropPad: given(1), RandomNormal: given(), RandomUniform: given() },
  ...{ HannWindow: given(0), HammingWindow: given(0), BlackmanWindow: given(0), RoiAlign: given() },
  ...{ MelWeightMatrix: given(0, 1), Tile: times(1), Resize: times(2, 3), ConvTranspose: times() },
  ...{ Pad: plus(1), Conv: plus(), MaxPool: plus(), AveragePool: plus(), LpPool: plus() },
  Range: given(0, 1, 2),
  Concat: { sizes: [], bound: (_, length, { inputs }) => length * inputs.length },
};

/** Whether every number that decides the size of the node's output is stored in the graph. */
export function hasStoredSizes(node: Node, { initializers }: Graph): boolean {
  const { sizes = [] } = (node.domain === "" && growing[node.op]) || {};
  return sizes.every((i) => !node.inputs[i] || initializers.has(node.inputs[i]));
}

/** How long an axis of the output can be at most, for operators that make long axes of short ones; 0 for others. */
function longestAxis(node: Node, { initializers }: Graph, types: Types): number {
  const row = growing[node.op];
  if (!row || node.domain !== "") return 0;
  const stored = row.sizes.flatMap((i) => {
    const tensor = initializers.get(node.inputs[i] ?? "");
    return tensor ? [numbersOf(tensor)] : [];
  });
  if (node.op === "Range") return countOf(stored.flat());
  const attributes = Object.values(node.attributes).flatMap((entry) =>
    entry.kind === "int" || entry.kind === "ints" ? entry.value : [],
  );
  const largest = [...stored.flat(), ...attributes].reduce((most, n) => Math.max(most, Math.abs(n)), 0);
  const lengths = node.inputs.flatMap((value) => types.get(value)?.shape ?? []);
  return row.bound(largest, Math.max(1, ...lengths), node);
}

/** The numbers of a range. */
function countOf([start = 0, limit = 0, step = 1]: readonly number[]): number {
  return (limit - start) / step;
}

function tooLarge(node: Node, what: string): SeawallError {
  return new SeawallError(
    "unsupported",
    `${describeNode(node)} ${what}, more than any known network; check the origin of the file, or export it for smaller images`,
  );
}

/** The most that a pass holds at once: every value from the node that makes it to the last node that reads it. */
function refuseMemory({ nodes, outputs, initializers, inputs }: Graph, types: Types): void {
  const last = new Map<Value, number>();
  for (const [i, node] of nodes.entries()) for (const value of readsOf(node)) last.set(value, i);
  for (const { name } of outputs) last.set(name, nodes.length);
  const given = [...initializers.keys(), ...inputs.map(({ name }) => name)];
  let held = given.reduce((sum, value) => sum + valueBytes(types.get(value)), 0);
  const most = machineMemory();
  for (const [i, node] of nodes.entries()) {
    const made = node.outputs.filter(Boolean);
    held += made.reduce((sum, value) => sum + valueBytes(types.get(value)), 0);
    if (held > most) {
      throw new SeawallError(
        "unsupported",
        `${describeNode(node)}: the model holds ${gibibytes(held)} there, and ${there(most)}; run it on smaller images (--crop, --resize-short), or on another machine`,
      );
    }
    const done = new Set([...readsOf(node), ...made]);
    for (const value of done)
      if ((last.get(value) ?? i) <= i && !initializers.has(value)) held -= valueBytes(types.get(value));
  }
}

/**
 * Checks the least that a gradient needs: the weights, and what its branch reads of the forward pass, all at once.
 * @param types of the model's values; others are not counted
 * @throws SeawallError `unsupported`
 */
export function refuseKeptValues({ nodes, initializers }: Graph, types: Types): void {
  const kept = new Set([...initializers.keys(), ...nodes.filter(hasBranches).flatMap(readsOf)]);
  const bytes = [...kept].reduce((sum, value) => sum + valueBytes(types.get(value)), 0);
  const most = machineMemory();
  if (bytes <= most) return;
  throw new SeawallError(
    "unsupported",
    `the gradient needs ${gibibytes(bytes)} of weights and values of the forward pass at once, and ${there(most)}; attack smaller images (--crop, --resize-short) or windows of them (--window), or use another machine`,
  );
}

const there = (most: number) => `this process may have ${gibibytes(most)}`;

const hasBranches = (node: Node) => subgraphsOf(node).length > 0;

/** The memory of a value; 0 for one that is not measured. */
export function valueBytes(typed: TypedShape | undefined): number {
  if (!typed) return 0;
  const bytes = typed.type === "string" ? 16 : arrayConstructors[typed.type].BYTES_PER_ELEMENT;
  return bytes * sizeOf(typed.shape);
}

function gibibytes(bytes: number): string {
  const amount = bytes / 2 ** 30;
  return amount < 10 ? `${amount.toFixed(1)} GiB` : `${formatCount(Math.round(amount))} GiB`;
}

/** What touching one element costs, in multiplications. */
const touching = 8;

/** Multiplications and additions of a node, roughly. */
function workOf(node: Node, types: Types): number {
  const elements = (value: Value | undefined) => (value ? sizeOf(types.get(value)?.shape ?? []) : 0);
  const made = node.outputs.reduce((sum, value) => sum + elements(value), 0);
  const read = node.inputs.reduce((sum, value) => sum + elements(value), 0);
  return touching * (made + read) + made * perElement(node, types);
}

/** Products that each element of the output is the sum of. */
function perElement(node: Node, types: Types): number {
  const shape = (i: number) => types.get(node.inputs[i] ?? "")?.shape ?? [];
  const kernel = sizeOf(attribute.ints(node, "kernel_shape", []));
  switch (node.op) {
    case "MatMul":
    case "MatMulInteger":
    case "QLinearMatMul":
      return shape(0).at(-1) ?? 1;
    case "Gemm":
      return shape(0)[attribute.int(node, "transA", 0) ? 0 : 1] ?? 1;
    case "Conv":
    case "ConvInteger":
    case "DeformConv":
      return sizeOf(shape(1).slice(1));
    case "QLinearConv":
      return sizeOf(shape(3).slice(1));
    case "ConvTranspose":
      return sizeOf(shape(1)) / Math.max(1, shape(1)[1] ?? 1);
    case "Einsum":
      return summedOver(attribute.string(node, "equation", ""), shape);
    case "LSTM":
    case "GRU":
    case "RNN":
      return sizeOf(shape(1)) + sizeOf(shape(2));
    case "LRN":
      return attribute.int(node, "size", 1);
    default:
      return kernel;
  }
}

/** The lengths of the axes that an einsum sums over, multiplied. */
function summedOver(equation: string, shape: (i: number) => readonly number[]): number {
  const [inputs = "", output = ""] = equation.replaceAll(" ", "").split("->");
  const lengths = new Map<string, number>();
  for (const [i, term] of inputs.split(",").entries())
    for (const [axis, letter] of [...term].entries()) lengths.set(letter, shape(i)[axis] ?? 1);
  return sizeOf([...lengths].filter(([letter]) => !output.includes(letter)).map(([, length]) => length));
}

/**
 * Standard operators whose outputs are no larger than their inputs. Others are run only when their size is known.
 * Operators of other domains count as steady: what is known of them is that the user's file has them.
 */
const steady = new Set(
  [
    "Abs Acos Asin Atan Cast CastLike Ceil Celu Clip Cos CumSum Elu Erf Exp Floor Gelu HardSigmoid HardSwish",
    "Hardmax Identity IsInf IsNaN LeakyRelu Log LogSoftmax Mish Neg Not PRelu Reciprocal Relu Round Selu",
    "Shape Sigmoid Sign Sin Size Softmax Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu",
    "BatchNormalization GroupNormalization InstanceNormalization LayerNormalization LpNormalization",
    "MeanVarianceNormalization RMSNormalization ArgMax ArgMin ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp",
    "ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare GlobalAveragePool GlobalMaxPool",
    "Compress NonZero NonMaxSuppression TopK Unique Slice Split Trilu ReverseSequence DepthToSpace Flatten",
    "Reshape SpaceToDepth Squeeze Transpose Unsqueeze DequantizeLinear DynamicQuantizeLinear QuantizeLinear",
    "Dropout GatherElements ScatterElements ScatterND",
  ].flatMap((names) => names.split(" ")),
);

/** Whether a node, run on measured values, cannot make much more of them. A branch may hold nothing else. */
export function isSteady(node: Node): boolean {
  if (node.op === "If" && node.domain === "")
    return subgraphsOf(node).every(({ nodes }) => nodes.every(isSteady));
  return node.domain !== "" || (subgraphsOf(node).length === 0 && steady.has(node.op));
}

/**
 * Whether a node's output is small enough by numbers that are stored, though its shape is not inferred: a Resize that
 * keeps the ratio of some axes makes each at most as long as the largest of its scales says.
 */
export function isBounded(node: Node, { initializers }: Graph, types: Types): boolean {
  const [image, sizes] = [types.get(node.inputs[0] ?? ""), initializers.get(node.inputs[3] ?? "")];
  if (node.domain !== "" || node.op !== "Resize" || !image || !sizes) return false;
  const { shape } = image;
  const axes = attribute
    .ints(node, "axes", [...shape.keys()])
    .map((axis) => (axis + shape.length) % shape.length);
  const scales = numbersOf(sizes).map((size, i) => size / Math.max(1, shape[axes[i]!] ?? 1));
  const largest = Math.max(1, ...scales);
  const bound = shape.map((length, axis) => (axes.includes(axis) ? Math.ceil(length * largest) + 1 : length));
  return valueBytes({ ...image, shape: bound }) <= largestValue;
}

const control: Readonly<Record<string, string>> = {
  If: "which of its branches runs depends on the image; export the model with the branch that is used",
  Loop: "how often it runs is not known before it is run; export the model with the loop written out (traced instead of scripted)",
  Scan: "it repeats a part of the model; export the model with the loop written out",
};

/** The error for a node whose size cannot be known before it is run. */
export function refuseOpenSize(node: Node): SeawallError {
  const reason =
    control[node.op] ??
    "the size of its output depends on the pixels of the image; export the model with fixed sizes";
  return new SeawallError("unsupported", `${describeNode(node)}: ${reason}`);
}
