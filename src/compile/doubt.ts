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
const scaled: Doubt = (node, { initializers }, shapeOf) => {
  const [x, , factors, sizes] = node.inputs;
  if (attribute.string(node, "keep_aspect_ratio_policy", "stretch") !== "stretch") return true;
  if (sizes) return false;
  const scales = initializers.get(factors ?? "");
  const lengths = shapeOf(x!);
  const axes = attribute.optionalInts(node, "axes") ?? lengths?.map((_, axis) => axis) ?? [];
  if (!scales || !lengths) return true;
  return numbersOf(scales).some((scale, i) => !Number.isInteger(scale * lengths.at(axes[i]!)!));
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
