/** Model-local functions, replaced by their bodies. */
import type { FunctionProto } from "onnx-buf";
import type { Graph } from "./graph.js";
import type { ExternalData } from "./tensors.js";

export function inlineFunctions(
  graph: Graph,
  _functions: readonly FunctionProto[],
  _external?: ExternalData,
): Graph {
  return graph;
}
