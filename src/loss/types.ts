/** Static types of the nodes that a loss consists of, by the operators that losses are written with. */
import type { TypedShape } from "../autodiff/index.js";
import { numbersOf, SeawallError } from "../base/index.js";
import { attribute, dataType, describeNode, type Graph, type Node, type Value } from "../onnx/index.js";

type Typed = ReadonlyMap<Value, TypedShape>;
type Infer = (node: Node, inputs: readonly TypedShape[], graph: Graph) => TypedShape;

const like: Infer = (_, [x]) => x!;
const broadcast: Infer = (_, inputs) => ({ type: inputs[0]!.type, shape: broadcastShape(inputs) });
const compare: Infer = (_, inputs) => ({ type: "bool", shape: broadcastShape(inputs) });
const reduce: Infer = (node, [x], graph) => ({
  type: x!.type,
  shape: reduced(node, x!.shape, axesOf(node, graph) ?? x!.shape.map((_, axis) => axis)),
});

/** One function for several operators. */
const all = (names: string, infer: Infer) => names.split(" ").map((name) => [name, infer] as const);

const inferences: ReadonlyMap<string, Infer> = new Map<string, Infer>([
  ...all("Add Sub Mul Div Pow Min Max Sum Mean Mod And Or Xor PRelu", broadcast),
  ...all("Equal Less LessOrEqual Greater GreaterOrEqual", compare),
  ...all(
    "Neg Abs Exp Log Sqrt Reciprocal Sign Floor Ceil Round Erf Sin Cos Tanh Atan Clip Not Identity",
    like,
  ),
  ...all("Sigmoid Softplus Softsign Relu LeakyRelu Elu Gelu HardSigmoid Softmax LogSoftmax CumSum", like),
  ...all("ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSumExp", reduce),
  ["ReduceSumSquare", reduce],
  ["ReduceLogSum", reduce],
  ["ScatterElements", like],
  ["AddAtLabel", like],
  ["Cast", (node, [x]) => ({ type: dataType(attribute.int(node, "to", 1)) ?? "float32", shape: x!.shape })],
  ["Where", (_, inputs) => ({ type: inputs[1]!.type, shape: broadcastShape(inputs) })],
  [
    "ArgMax",
    (node, [x]) => ({ type: "int64", shape: reduced(node, x!.shape, [attribute.int(node, "axis", 0)]) }),
  ],
  ["GatherElements", (_, [x, at]) => ({ type: x!.type, shape: at!.shape })],
  ["TopK", (node, [x], graph) => ({ type: x!.type, shape: topShape(node, x!.shape, graph) })],
  ["Gather", (node, [x, at]) => ({ type: x!.type, shape: gathered(node, x!.shape, at!.shape) })],
  ["Unsqueeze", (node, [x], graph) => ({ type: x!.type, shape: widened(x!.shape, axesOf(node, graph)!) })],
]);

/**
 * Types of all nodes that depend on the known values.
 * @param known the logits, labels and other inputs of the loss
 * @throws SeawallError `unsupported` naming the first operator whose output has no inference here
 */
export function typesOf(graph: Graph, known: Typed): Map<Value, TypedShape> {
  const types = new Map(known);
  const typeOf = (value: Value): TypedShape | undefined => {
    const constant = graph.initializers.get(value);
    return types.get(value) ?? (constant && { type: constant.type, shape: constant.dims });
  };
  for (const node of graph.nodes) {
    const inputs = node.inputs.filter(Boolean).map(typeOf);
    if (!inputs.every((input) => input !== undefined)) continue;
    const infer = inferences.get(node.op);
    if (infer) types.set(node.outputs[0]!, infer(node, inputs, graph));
    else if (node.inputs.some((input) => types.has(input))) throw unsupported(node);
  }
  return types;
}

function unsupported(node: Node): SeawallError {
  return new SeawallError(
    "unsupported",
    `${describeNode(node)}: a loss given by its value alone cannot use this operator; ` +
      `use ${[...inferences.keys()].join(", ")}, or give the gradient by hand in a family of your own`,
  );
}

function broadcastShape(inputs: readonly TypedShape[]): number[] {
  const rank = Math.max(...inputs.map(({ shape }) => shape.length));
  const lengths = (axis: number) => inputs.map(({ shape }) => shape[shape.length - rank + axis] ?? 1);
  return Array.from({ length: rank }, (_, axis) => Math.max(...lengths(axis)));
}

/** The axes that a reduction or Unsqueeze is given; undefined where there are none. */
function axesOf(node: Node, graph: Graph): number[] | undefined {
  const given = graph.initializers.get(node.inputs[1] ?? "");
  return given && numbersOf(given).length > 0 ? [...numbersOf(given)] : undefined;
}

function topShape(node: Node, shape: readonly number[], graph: Graph): number[] {
  const axis = attribute.int(node, "axis", -1);
  const count = Number(graph.initializers.get(node.inputs[1]!)!.data[0]);
  return shape.with(axis, count);
}

function reduced(node: Node, shape: readonly number[], axes: readonly number[]): number[] {
  const isReduced = (axis: number) => axes.includes(axis) || axes.includes(axis - shape.length);
  const keeps = attribute.int(node, "keepdims", 1) !== 0;
  return shape.flatMap((length, axis) => (!isReduced(axis) ? [length] : keeps ? [1] : []));
}

function gathered(node: Node, shape: readonly number[], at: readonly number[]): number[] {
  const axis = attribute.int(node, "axis", 0);
  const from = axis < 0 ? axis + shape.length : axis;
  return [...shape.slice(0, from), ...at, ...shape.slice(from + 1)];
}

function widened(shape: readonly number[], axes: readonly number[]): number[] {
  const rank = shape.length + axes.length;
  const isNew = (axis: number) => axes.includes(axis) || axes.includes(axis - rank);
  const lengths = [...shape];
  return Array.from({ length: rank }, (_, axis) => (isNew(axis) ? 1 : lengths.shift()!));
}
