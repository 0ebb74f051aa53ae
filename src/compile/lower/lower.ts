/** Lowering: operators that the engine runs slowly, or wrongly, become others that are equal, to the bit unless said. */
import {
  convolutionOf,
  convolveByRows,
  suitsRows,
  type TypedShapes,
  windowsOf,
} from "../../autodiff/index.js";
import { numbersOf } from "../../base/index.js";
import {
  attribute,
  copyGraph,
  type Graph,
  GraphBuilder,
  type Node,
  simplify,
  type Value,
} from "../../onnx/index.js";
import type { Target } from "./target.js";

/** Writes nodes whose result replaces the node's only output; undefined leaves the node as it is. */
type Lowering = (node: Node, build: GraphBuilder, types: TypedShapes) => Value | undefined;

const lowerings = new Map<string, Lowering>(
  Object.entries({
    /** The engine's kernel broadcasts the slope element by element; two elementwise operators take a tenth of its time. */
    PRelu(node: Node, build: GraphBuilder) {
      const [x, slope] = node.inputs as [Value, Value];
      const slopes = build.graph.initializers.get(slope);
      if (slopes && numbersOf(slopes).every((value) => value <= 1)) return build.max(x, build.mul(slope, x));
      return build.add(build.op("Relu", [x]), build.mul(slope, build.min(x, 0)));
    },
    /** Depthwise by a kernel that changes from run to run; zeros join the sum, which the engine may round elsewhere. */
    Conv(node: Node, build: GraphBuilder, types: TypedShapes) {
      const [x, kernel, bias] = node.inputs as [Value, Value, Value | undefined];
      const known = [x, kernel, node.outputs[0]!].every((value) => types.has(value));
      if (!known) return undefined;
      const sizes = convolutionOf(node, (value) => types.get(value)!.shape, node.outputs[0]!, windowsOf);
      return suitsRows(build, kernel, sizes) ? convolveByRows(build, x, kernel, sizes, bias) : undefined;
    },
    /** Where a Transpose comes before, the engine's optimizer loses the sizes of some axes: give those of all. */
    Resize(node: Node, build: GraphBuilder, types: TypedShapes) {
      const [x, region, scales, sizes] = node.inputs as [Value, Value, Value, Value | undefined];
      const shape = types.get(node.outputs[0]!)?.shape;
      const { axes, ...attributes } = node.attributes;
      const stretched = attribute.string(node, "keep_aspect_ratio_policy", "stretch") === "stretch";
      if (!axes || !shape || !sizes || !stretched || region) return undefined;
      return build.op("Resize", [x, "", scales, build.ints(shape)], attributes);
    },
  }),
);

/**
 * Lowers a finished graph to a target. To be done last, since gradient rules know the original operators.
 * @param types static types and shapes, where known
 * @returns a graph of operators that the target has
 */
export function lower({ graph }: GraphBuilder, types: TypedShapes, target: Target): Graph {
  const simple = simplify(graph);
  return target === "cpu" ? rewrite(simple, types) : simple;
}

function rewrite(graph: Graph, types: TypedShapes): Graph {
  const build = new GraphBuilder(copyGraph(graph));
  build.graph.nodes = [];
  const outputs = new Set(graph.outputs.map((output) => output.name));
  for (const node of graph.nodes) {
    const lowering = node.domain === "" ? lowerings.get(node.op) : undefined;
    const value = outputs.has(node.outputs[0]!)
      ? undefined
      : build.within(node.name, () => lowering?.(node, build, types));
    if (value === undefined) build.graph.nodes.push(node);
    else rename(build.graph.nodes, value, node.outputs[0]!);
  }
  return build.graph;
}

/** Gives the last node's output the name that its readers know. */
function rename(nodes: Node[], from: Value, to: Value): void {
  const last = nodes.pop()!;
  nodes.push({ ...last, outputs: last.outputs.map((output) => (output === from ? to : output)) });
}
