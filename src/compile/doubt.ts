/** Operators whose output may have another shape than the engine infers when it loads them. */
import { numbersOf } from "../base/index.js";
import { attribute, type Graph, type Node, subgraphsOf, type Value } from "../onnx/index.js";

/** Whether only a run tells the shapes of a graph's values. */
export function isDoubtful(graph: Graph, shapeOf: (value: Value) => readonly number[] | undefined): boolean {
  return graph.nodes.some(
    (node) =>
      subgraphsOf(node).length > 0 ||
      node.domain !== "" ||
      (doubts[node.op]?.(node, graph, shapeOf) ?? false),
  );
}

type Doubt = (node: Node, graph: Graph, shapeOf: (value: Value) => readonly number[] | undefined) => boolean;

const isAutomatic = (node: Node) => attribute.string(node, "auto_pad", "NOTSET").startsWith("SAME");

/** The last window of `ceil_mode` may begin in the padding, and automatic padding may not see dilations. */
const pool: Doubt = (node) =>
  attribute.int(node, "ceil_mode", 0) === 1 ||
  (isAutomatic(node) && attribute.ints(node, "dilations", []).some((dilation) => dilation > 1));

/** A length times a scale that is no whole number is rounded in more than one way. */
const scaled: Doubt = ({ inputs, attributes }, { initializers }, shapeOf) => {
  if (attributes.axes || attributes.keep_aspect_ratio_policy) return true;
  const scales = initializers.get(inputs[2] ?? "");
  if (inputs[3] || !scales) return !inputs[3];
  const lengths = shapeOf(inputs[0]!);
  return !lengths || numbersOf(scales).some((scale, axis) => !Number.isInteger(scale * lengths[axis]!));
};

const doubts: Readonly<Record<string, Doubt>> = {
  MaxPool: pool,
  AveragePool: pool,
  LpPool: pool,
  Resize: scaled,
  ConvTranspose: (node) => isAutomatic(node) || node.attributes.output_shape !== undefined,
  /** Axes of length 1 may be repeated. */
  Einsum: ({ inputs }, _, shapeOf) => inputs.some((value) => shapeOf(value)?.includes(1) ?? true),
};
