/** Weights stored in half the bytes: float16 in the file, float32 in every computation. */
import { numberToFloat16, sizeOf, type Tensor } from "../../base/index.js";
import { elementType } from "../graph/builder.js";
import { copyGraph, type Graph, type Node } from "../graph/graph.js";

/** Shorter tensors are not worth a node. */
const shortest = 64;

/**
 * Stores each float32 initializer of 64 elements or more in float16, with a Cast that gives its readers float32.
 * Numbers are rounded to 11 significant bits; those beyond ±65504 become infinite, which trained weights never are.
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
