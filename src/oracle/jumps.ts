/** Functions that jump: finite differences of them tell nothing, however right their gradient is. */
import { type Graph, type Node, readsOf, type Value } from "../onnx/index.js";

/** Operators that read or write at the places that their second input names. */
const indexed = new Set([
  "Gather",
  "GatherElements",
  "GatherND",
  "MaxUnpool",
  "ScatterElements",
  "ScatterND",
]);

/** Operators whose result is constant between jumps. */
const stepped = new Set(["Ceil", "Floor", "Round", "Sign"]);

/**
 * The first node at which a graph may jump as its input changes: one that steps, or that reads or writes at places which
 * the input decides. Undefined if there is none.
 */
export function jumpOf({ nodes }: Graph, input: Value): Node | undefined {
  const moved = new Set([input]);
  for (const node of nodes) {
    if (node.domain !== "" || node.op === "Shape" || node.op === "Size") continue;
    if (!readsOf(node).some((value) => moved.has(value))) continue;
    const byIndex = indexed.has(node.op) && moved.has(node.inputs[1]!);
    if (byIndex || stepped.has(node.op)) return node;
    for (const output of node.outputs) moved.add(output);
  }
  return undefined;
}
