/** Other names for the values of a graph. */
import { mapGraphs } from "./attributes.js";
import { copyGraph, type Graph, type Node, type Value } from "./graph.js";

/** A node that reads and makes values under other names; graphs inside it follow where they read from outside. */
export function renamedNode(node: Node, value: (name: Value) => Value): Node {
  const outer = (graph: Graph) => renamedCaptures(graph, value);
  return {
    ...mapGraphs(node, outer),
    inputs: node.inputs.map((name) => name && value(name)),
    outputs: node.outputs.map((name) => name && value(name)),
  };
}

/** A graph inside a node, whose reads of values from outside follow their new names. */
function renamedCaptures(graph: Graph, value: (name: Value) => Value): Graph {
  const own = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  const outside = (name: Value) => (own.has(name) ? name : value(name));
  return {
    ...copyGraph(graph),
    outputs: graph.outputs.map((output) => ({ ...output, name: outside(output.name) })),
    nodes: graph.nodes.map((node) => renamedNode(node, outside)),
  };
}
