/** Checks that a graph is valid: each value has one definition, all values that are read exist, and there is no cycle. */
import { printable, SeawallError } from "../../base/index.js";
import { mapGraphs } from "./attributes.js";
import { describeNode, type Graph, type Node, type Value } from "./graph.js";
import { Names } from "./names.js";
import { topologicalOrder } from "./traverse.js";

/**
 * Checks a graph and the graphs inside its nodes. Returns it with nodes in topological order and with unique names,
 * which exporters do not guarantee.
 * @param outer whether a value belongs to an enclosing graph, which this graph may read
 * @throws SeawallError `model`, naming the value and the node
 */
export function verified(graph: Graph, outer: (value: Value) => boolean = () => false): Graph {
  const own = definitionsOf(graph);
  const visible = (value: Value) => own.has(value) || outer(value);
  for (const node of graph.nodes) checkReads(node, visible);
  checkOutputs(graph, visible);
  const nodes = topologicalOrder(graph);
  if (!nodes) throw damaged(`the nodes of graph "${graph.name}" form a cycle`);
  return {
    ...graph,
    nodes: named(nodes).map((node) => mapGraphs(node, (inner) => verified(inner, visible))),
  };
}

function definitionsOf(graph: Graph): Set<Value> {
  const defined = new Set<Value>();
  const define = (value: Value, where: string) => {
    if (value === "") throw damaged(`${where} has no name`);
    refuseNul(value, where);
    if (defined.has(value)) throw damaged(`value "${value}" is defined twice, the second time by ${where}`);
    defined.add(value);
  };
  for (const { name } of graph.inputs) define(name, "a graph input");
  for (const name of graph.initializers.keys()) define(name, "an initializer");
  for (const node of graph.nodes) {
    for (const output of node.outputs) if (output !== "") define(output, describeNode(node));
  }
  return defined;
}

function checkReads(node: Node, visible: (value: Value) => boolean): void {
  if (node.op === "") throw damaged(`node "${node.name}" has no operator`);
  for (const name of [node.name, node.op, node.domain]) refuseNul(name, "a node");
  if (!node.outputs.some(Boolean)) throw damaged(`${describeNode(node)} has no output`);
  const missing = node.inputs.find((input) => input !== "" && !visible(input));
  if (missing !== undefined) throw damaged(`${describeNode(node)} reads "${missing}", which is not defined`);
}

function checkOutputs(graph: Graph, visible: (value: Value) => boolean): void {
  if (graph.outputs.length === 0) throw damaged(`graph "${graph.name}" has no outputs`);
  const missing = graph.outputs.find((output) => !visible(output.name));
  if (missing) throw damaged(`output "${missing.name}" of graph "${graph.name}" is not defined`);
}

/** The engine cuts a name at a NUL, so that two names become one. */
function refuseNul(name: string, where: string): void {
  if (!name.includes("\0")) return;
  throw damaged(`the name "${printable(name.slice(0, 40))}" of ${where} holds a NUL character`);
}

function damaged(what: string): SeawallError {
  return new SeawallError("model", `${what}; the file is damaged: export or copy it again`);
}

function named(nodes: readonly Node[]): Node[] {
  const names = new Names([]);
  return nodes.map((node) => {
    const name = names.fresh(node.name || node.outputs.find(Boolean) || node.op);
    return name === node.name ? node : { ...node, name };
  });
}
