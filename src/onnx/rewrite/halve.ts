/** Storing weights as float16. Computations stay in float32. */
import { numberToFloat16, sizeOf, type Tensor } from "../../base/index.js";
import { elementType } from "../graph/builder.js";
import { copyGraph, type Graph, type Node } from "../graph/graph.js";

/** Smaller tensors stay float32: the Cast node would outweigh the saving. */
const shortest = 64;

/**
 * Stores each float32 initializer of at least 64 elements as float16, with a Cast to float32 for its readers. Numbers
 * are rounded to 11 significant bits. Numbers beyond ±65504 would become infinite; trained weights are far smaller.
 */
export function halveWeights(graph: Graph): Graph {
  const halved = copyGraph(graph);
  const casts: Node[] = [];
  const renamed = new Map<string, string>();
  for (const [name, tensor] of graph.initializers) {
    if (tensor.type !== "float32" || sizeOf(tensor.dims) < shortest) continue;
    halved.initializers.set(name, toFloat16(tensor as Tensor<"float32">));
    const value = `${name}/float32`;
    renamed.set(name, value);
    casts.push({
      op: "Cast",
      domain: "",
      name: `${name}/cast`,
      inputs: [name],
      outputs: [value],
      attributes: { to: { kind: "int", value: elementType("float32") } },
    });
  }
  const nodes = graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((input) => renamed.get(input) ?? input),
  }));
  return { ...halved, nodes: [...casts, ...nodes] };
}

function toFloat16({ dims, data }: Tensor<"float32">): Tensor<"float16"> {
  return { type: "float16", dims, data: Uint16Array.from(data, numberToFloat16) };
}
