/** The order of a graph's nodes, by which the engine chooses when to run them. */
import { type Graph, type Node, readsOf, type Value } from "../onnx/index.js";

/**
 * Sorts nodes by the length of the longest path that leads to them. The engine goes back from the outputs and runs first
 * what stands last in the list: so the long way of a gradient is gone before the short one of a mask that it meets, and
 * masks do not lie in memory from the beginning of the backward part.
 *
 * Nodes that only outputs need stand behind all others, the shortest path last: so the gradient of each parameter is made as
 * soon as the backward part comes by, and nothing waits for the gradient of the first layer.
 */
export function byDepth(graph: Graph): Graph {
  const made = new Map<Value, number>();
  const depths = new Map<Node, number>();
  for (const node of graph.nodes) {
    const depth = readsOf(node).reduce((deepest, value) => Math.max(deepest, made.get(value) ?? 0), 0) + 1;
    depths.set(node, depth);
    for (const output of node.outputs) made.set(output, depth);
  }
  // The engine removes identities, and what they named is last then.
  const isName = ({ op }: Node) => op === "Identity";
  const read = new Set(graph.nodes.filter((node) => !isName(node)).flatMap(readsOf));
  const isLast = ({ outputs }: Node) => !outputs.some((value) => read.has(value));
  const sorted = [...graph.nodes].sort((a, b) => depths.get(a)! - depths.get(b)!);
  const last = sorted.filter(isLast).reverse();
  const names = last.filter(isName);
  return {
    ...graph,
    nodes: [...sorted.filter((node) => !isLast(node)), ...last.filter((node) => !isName(node)), ...names],
  };
}
