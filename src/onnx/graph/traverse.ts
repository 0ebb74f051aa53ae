/** The structure of a graph: producers and consumers of values, and data flow between them. */
import { subgraphsOf } from "./attributes.js";
import type { Graph, Node, Value } from "./graph.js";

/** The values a node reads, including those that its subgraphs read from this graph. */
export function readsOf(node: Node): Value[] {
  const captured = subgraphsOf(node).flatMap(capturesOf);
  return [...node.inputs.filter((name) => name !== ""), ...captured];
}

/** The values a subgraph reads from enclosing graphs. */
function capturesOf(graph: Graph): Value[] {
  const own = new Set<Value>([...graph.inputs.map((input) => input.name), ...graph.initializers.keys()]);
  for (const node of graph.nodes) for (const output of node.outputs) own.add(output);
  const read = [...graph.nodes.flatMap(readsOf), ...graph.outputs.map((output) => output.name)];
  return read.filter((name) => !own.has(name));
}

/** A graph and the graphs inside it, outermost first. */
export function graphsWithin(graph: Graph): Graph[] {
  return [graph, ...graph.nodes.flatMap((node) => subgraphsOf(node).flatMap(graphsWithin))];
}

/** All names of values and nodes in a graph and the graphs inside it. */
export function allNamesIn(graph: Graph): Set<string> {
  const names = new Set<string>();
  for (const { inputs, outputs, initializers, nodes } of graphsWithin(graph)) {
    for (const { name } of [...inputs, ...outputs]) names.add(name);
    for (const name of initializers.keys()) names.add(name);
    for (const node of nodes) {
      for (const name of [node.name, ...node.inputs, ...node.outputs]) names.add(name);
    }
  }
  return names;
}

/** The node that makes each value. */
export function producersOf(graph: Graph): Map<Value, Node> {
  return new Map(
    graph.nodes.flatMap((node) => node.outputs.filter(Boolean).map((output) => [output, node] as const)),
  );
}

/** The nodes that read each value. */
export function consumersOf(graph: Graph): Map<Value, Node[]> {
  const consumers = new Map<Value, Node[]>();
  for (const node of graph.nodes) {
    for (const name of new Set(readsOf(node))) {
      const list = consumers.get(name);
      if (list) list.push(node);
      else consumers.set(name, [node]);
    }
  }
  return consumers;
}

/** The values that depend on `sources`, including `sources`. */
export function reachableFrom(graph: Graph, sources: Iterable<Value>): Set<Value> {
  const reached = new Set(sources);
  for (const node of graph.nodes) {
    if (readsOf(node).some((name) => reached.has(name))) {
      for (const output of node.outputs) if (output) reached.add(output);
    }
  }
  return reached;
}

/** The values that `targets` depend on, including `targets`. */
export function neededFor(graph: Graph, targets: Iterable<Value>): Set<Value> {
  const needed = new Set(targets);
  for (const node of [...graph.nodes].reverse()) {
    if (node.outputs.some((output) => needed.has(output))) for (const name of readsOf(node)) needed.add(name);
  }
  return needed;
}

/** The nodes in topological order: each after the nodes that it reads from. Undefined if they form a cycle. */
export function topologicalOrder(graph: Graph): Node[] | undefined {
  const producers = producersOf(graph);
  const order: Node[] = [];
  const state = new Map<Node, "open" | "done">();
  for (const root of graph.nodes) {
    // An explicit stack, because recursion along a long chain of nodes would exhaust the call stack.
    const stack: Node[] = [root];
    while (stack.length > 0) {
      const node = stack[stack.length - 1]!;
      if (state.get(node) === "done") {
        stack.pop();
        continue;
      }
      const pending = readsOf(node)
        .map((name) => producers.get(name))
        .filter((producer): producer is Node => producer !== undefined && state.get(producer) !== "done");
      if (state.get(node) === "open" && pending.some((producer) => state.get(producer) === "open"))
        return undefined;
      state.set(node, "open");
      if (pending.length > 0) {
        for (const producer of pending) stack.push(producer);
        continue;
      }
      state.set(node, "done");
      order.push(node);
      stack.pop();
    }
  }
  return order;
}
