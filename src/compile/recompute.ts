/** Recomputing in the backward part what the forward part made: less memory for more work. */
import type { TypedShape } from "../autodiff/index.js";
import {
  copyGraph,
  type Graph,
  isPure,
  type Node,
  neededFor,
  reachableFrom,
  readsOf,
  renamedNode,
  subgraphsOf,
  type Value,
} from "../onnx/index.js";
import { valueBytes } from "./limits.js";
import { measure } from "./measure.js";
import { FlowNetwork } from "./min-cut.js";
import { byDepth } from "./order.js";
import type { Program, TensorSpecs } from "./program.js";

/** What is made again for the backward part: nothing; cheap operators; or all between the sums of residual blocks. */
export const recomputeLevels = ["none", "cheap", "blocks"] as const;
export type Recompute = (typeof recomputeLevels)[number];

/** Operators whose work is in proportion to what they read or make. */
const cheap = new Set(
  [
    "Abs Add Cast Ceil Clip Div Elu Equal Erf Exp Floor Gelu Greater GreaterOrEqual HardSigmoid HardSwish Identity",
    "LeakyRelu Less LessOrEqual Log Max Min Mish Mul Neg Not PRelu Pow QuickGelu Reciprocal Relu Round Selu Sigmoid",
    "Sign Softplus Softsign Sqrt Sub Tanh Where BiasGelu FastGelu",
    "LayerNormalization SimplifiedLayerNormalization Softmax LogSoftmax BatchNormalization InstanceNormalization",
    "GlobalAveragePool ReduceMax ReduceMean ReduceMin ReduceSum ReduceSumSquare ReduceL2 AveragePool MaxPool",
    "Concat DepthToSpace Expand Flatten Gather Pad Reshape Resize Slice SpaceToDepth Split Squeeze Tile Transpose",
    "Trilu Unsqueeze",
  ].flatMap((names) => names.split(" ")),
);

/** In bytes. Smaller values are kept: to make them again would save nothing. */
const smallest = 2 ** 14;

/**
 * A program whose backward part makes values of the forward part again, in the order in which the engine runs it with the
 * least memory. Sessions of it must not merge common nodes.
 * @param image the value that the forward part begins with
 * @param losses the values that it ends with
 */
export async function recomputing<I extends TensorSpecs, O extends TensorSpecs>(
  { graph, signature }: Program<I, O>,
  ends: { readonly image: Value; readonly losses: readonly Value[] },
  level: Recompute,
): Promise<Program<I, O>> {
  if (level === "none") return { graph, signature };
  const { types } = await measure(graph, () => new Set(), {});
  return { graph: byDepth(repeatForward(graph, types, ends, level)), signature };
}

/**
 * Lets the backward part of a graph make values of the forward part again instead of keeping them. The values that are
 * kept are the smallest set, in bytes, from which the others can be made: a minimum cut between what must be kept and what the
 * backward part reads (Chen et al. 2016 chose by hand; PyTorch's AOTAutograd cuts likewise). Sums of two values that
 * depend on the image, such as those of residual blocks, are never made again, or chains of them would be.
 * @param graph sorted
 * @param types of all its values
 */
export function repeatForward(
  graph: Graph,
  types: ReadonlyMap<Value, TypedShape>,
  { image, losses }: { readonly image: Value; readonly losses: readonly Value[] },
  level: Exclude<Recompute, "none">,
): Graph {
  const dependent = reachableFrom(graph, [image]);
  const ahead = neededFor(graph, losses);
  const isForward = (node: Node) => node.outputs.some((value) => ahead.has(value));
  const forward = graph.nodes.filter(isForward);
  const backward = graph.nodes.filter((node) => !isForward(node));
  const isRepeatable = (node: Node) =>
    isPure(node) &&
    subgraphsOf(node).length === 0 &&
    (level === "blocks" || cheap.has(node.op)) &&
    !isSum(node, types, dependent);
  const kept = chooseKept(forward, backward, types, isRepeatable);
  return repeat(graph, isForward, kept);
}

/** Whether a node adds two values of one shape that both depend on the image. */
function isSum(
  { op, inputs }: Node,
  types: ReadonlyMap<Value, TypedShape>,
  dependent: ReadonlySet<Value>,
): boolean {
  if (op !== "Add" && op !== "Sum") return false;
  const sizes = inputs.filter((value) => dependent.has(value)).map((value) => valueBytes(types.get(value)));
  return sizes.length > 1 && sizes.every((size) => size === sizes[0]);
}

/** The values of the forward part that the backward part may read. */
function chooseKept(
  forward: readonly Node[],
  backward: readonly Node[],
  types: ReadonlyMap<Value, TypedShape>,
  isRepeatable: (node: Node) => boolean,
): ReadonlySet<Value> {
  const values = forward.flatMap(({ outputs }) => outputs.filter(Boolean));
  // Each value is two nodes, joined by an edge whose capacity is what it costs to keep the value.
  const numbers = new Map(values.map((value, i) => [value, 2 * i]));
  const [source, sink] = [2 * values.length, 2 * values.length + 1];
  const network = new FlowNetwork(2 * values.length + 2);
  for (const value of values) {
    const bytes = valueBytes(types.get(value));
    const into = numbers.get(value)!;
    network.connect(into, into + 1, bytes < smallest ? 0 : bytes);
  }
  for (const node of forward)
    for (const output of node.outputs.filter(Boolean)) {
      const into = numbers.get(output)!;
      if (!isRepeatable(node)) network.connect(source, into, Number.POSITIVE_INFINITY);
      for (const value of new Set(readsOf(node))) {
        const from = numbers.get(value);
        if (from !== undefined) network.connect(from + 1, into, Number.POSITIVE_INFINITY);
      }
    }
  for (const value of new Set(backward.flatMap(readsOf))) {
    const from = numbers.get(value);
    if (from !== undefined) network.connect(from + 1, sink, Number.POSITIVE_INFINITY);
  }
  const beyond = network.cut(source, sink);
  return new Set(values.filter((value) => !beyond[numbers.get(value)!] && beyond[numbers.get(value)! + 1]));
}

/** The graph in which the backward nodes read copies of those forward values that are not kept. */
function repeat(graph: Graph, isForward: (node: Node) => boolean, kept: ReadonlySet<Value>): Graph {
  const made = new Set(graph.nodes.filter(isForward).flatMap(({ outputs }) => outputs));
  const missing = new Set<Value>();
  const need = (node: Node) => {
    for (const value of readsOf(node)) if (made.has(value) && !kept.has(value)) missing.add(value);
  };
  const repeated = new Set<Node>();
  for (const node of [...graph.nodes].reverse()) {
    if (!isForward(node)) need(node);
    else if (node.outputs.some((value) => missing.has(value))) {
      repeated.add(node);
      need(node);
    }
  }
  const again = (value: Value) => (missing.has(value) ? `${value}/again` : value);
  // Outputs that nobody reads need other names too.
  const copyOf = (node: Node): Node => ({
    ...renamedNode(node, again),
    name: `${node.name}/again`,
    outputs: node.outputs.map((value) => value && `${value}/again`),
  });
  const nodes = graph.nodes.flatMap((node) => {
    if (!isForward(node)) return [renamedNode(node, again)];
    return repeated.has(node) ? [node, copyOf(node)] : [node];
  });
  return { ...copyGraph(graph), nodes };
}
