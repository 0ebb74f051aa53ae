/** Folding of batch normalization, and of other constant maps per channel, into the weights of the layer before. */
import { float32, numbersOf, type Tensor } from "../../base/index.js";
import { attribute } from "../graph/attributes.js";
import { GraphBuilder } from "../graph/builder.js";
import { Facts } from "../graph/facts.js";
import { copyGraph, type Graph, type Node, type Value } from "../graph/graph.js";
import { readsOf } from "../graph/traverse.js";
import { type Affine, linearOf, perChannel } from "./linear.js";
import { removeDead } from "./simplify.js";

/**
 * Folds `BatchNormalization` in inference mode, and additions and multiplications with one constant per channel, into
 * the constant float32 weights of a preceding `Conv`, `ConvTranspose`, `Gemm` or `MatMul` whose output has no other
 * reader. A `BatchNormalization` that cannot be folded becomes `Mul` and `Add` if its parameters are constant and its rank
 * is known. Weights are computed in float64 and rounded once, so results differ by rounding. Graph outputs are kept.
 */
export function foldBatchNorm(graph: Graph): Graph {
  const next: Graph = { ...copyGraph(graph), nodes: [] };
  const build = new GraphBuilder(next);
  const facts = new Facts(graph);
  const constant = (value: Value) => next.initializers.get(value);
  const reads = readCounts(graph);
  const makers = new Map<Value, number>();

  const folded = (node: Node): { node: Node; at: number } | undefined => {
    for (const input of node.inputs) {
      const at = makers.get(input);
      if (at === undefined || reads.get(input) !== 1) continue;
      const maker = next.nodes[at]!;
      const linear = linearOf(maker, constant, facts);
      const affine = linear && affineOf(node, input, linear.channels, linear.rank, constant);
      if (!affine) continue;
      const replaced = build.within(maker.name, () => linear.followedBy(affine, build));
      return { node: { ...replaced, outputs: node.outputs }, at };
    }
    return undefined;
  };

  for (const node of graph.nodes) {
    const into = folded(node);
    if (into) next.nodes[into.at] = into.node;
    else next.nodes.push(standalone(node, build, facts, constant) ?? node);
    const at = into?.at ?? next.nodes.length - 1;
    for (const output of node.outputs) makers.set(output, at);
  }
  return removeDead(next);
}

/** How often each value is read. Being a graph output counts as a read. */
function readCounts(graph: Graph): Map<Value, number> {
  const counts = new Map<Value, number>();
  for (const name of [...graph.nodes.flatMap(readsOf), ...graph.outputs.map((output) => output.name)]) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

type Constants = (value: Value) => Tensor | undefined;

/**
 * The affine map that `node` applies to its operand `input`, which has `channels` on axis 1; undefined if it is not an
 * affine map with constant finite coefficients.
 */
function affineOf(
  node: Node,
  input: Value,
  channels: number,
  rank: number,
  constant: Constants,
): Affine | undefined {
  if (node.domain !== "") return undefined;
  const affine =
    node.op === "BatchNormalization"
      ? normalizationOf(node, constant)
      : arithmeticOf(node, input, channels, rank, constant);
  const fits = affine && affine.scale.length === channels && affine.shift.length === channels;
  return fits && [...affine.scale, ...affine.shift].every(Number.isFinite) ? affine : undefined;
}

function normalizationOf(node: Node, constant: Constants): Affine | undefined {
  if (attribute.int(node, "training_mode", 0) === 1) return undefined;
  const parameters = node.inputs.slice(1).map((input) => constant(input));
  if (parameters.length !== 4 || !parameters.every((tensor) => tensor?.type === "float32")) return undefined;
  const [gamma, beta, mean, variance] = parameters.map((tensor) => numbersOf(tensor!)) as [
    number[],
    number[],
    number[],
    number[],
  ];
  const epsilon = Math.fround(attribute.float(node, "epsilon", 1e-5));
  const scale = gamma.map((g, i) => g / Math.sqrt(variance[i]! + epsilon));
  return { scale, shift: beta.map((b, i) => b - mean[i]! * scale[i]!) };
}

/** [scale, shift] of `input op c` (`first`) or `c op input`, for a number c; undefined if not affine. */
const arithmetic: ReadonlyMap<string, (c: number, first: boolean) => [number, number] | undefined> = new Map([
  ["Add", (c) => [1, c]],
  ["Mul", (c) => [c, 0]],
  ["Sub", (c, first) => (first ? [1, -c] : [-1, c])],
  ["Div", (c, first) => (first ? [1 / c, 0] : undefined)],
] as const satisfies [string, (c: number, first: boolean) => [number, number] | undefined][]);

function arithmeticOf(
  node: Node,
  input: Value,
  channels: number,
  rank: number,
  constant: Constants,
): Affine | undefined {
  const row = arithmetic.get(node.op);
  const first = node.inputs[0] === input;
  const operand = constant(node.inputs[first ? 1 : 0] ?? "");
  if (!row || operand?.type !== "float32" || !liesOnChannels(operand.dims, rank)) return undefined;
  const numbers = perChannel(numbersOf(operand), channels);
  const pairs = numbers?.map((c) => row(c, first));
  if (!pairs || pairs.includes(undefined)) return undefined;
  const known = pairs as [number, number][];
  return { scale: known.map(([scale]) => scale), shift: known.map(([, shift]) => shift) };
}

/** Whether a shape, broadcast to `rank` axes, differs from 1 on axis 1 only. */
function liesOnChannels(dims: readonly number[], rank: number): boolean {
  const lead = rank - dims.length;
  return lead >= 0 && dims.every((dim, i) => dim === 1 || i + lead === 1);
}

/** A normalization that cannot be folded, as `Mul` and `Add`; undefined if its rank is unknown. */
function standalone(node: Node, build: GraphBuilder, facts: Facts, constant: Constants): Node | undefined {
  if (node.op !== "BatchNormalization") return undefined;
  const rank = facts.of(node.inputs[0]!).rank;
  const channels = constant(node.inputs[1]!)?.dims[0];
  if (rank === undefined || rank < 2 || channels === undefined) return undefined;
  const affine = affineOf(node, node.inputs[0]!, channels, rank, constant);
  if (!affine) return undefined;
  const dims = [channels, ...new Array<number>(rank - 2).fill(1)];
  return build.within(node.name, () => {
    const scale = build.constant(float32(dims, affine.scale), "scale");
    const shift = build.constant(float32(dims, affine.shift), "shift");
    return { ...node, op: "Add", inputs: [build.mul(node.inputs[0]!, scale), shift], attributes: {} };
  });
}
