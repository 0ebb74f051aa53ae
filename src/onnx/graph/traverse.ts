/** Questions about a graph's structure: who makes a value, who uses it, what lies between. */
import { subgraphsOf } from "./attributes.js";
import type { Graph, Node, Value } from "./graph.js";

/** The values a node reads, those captured by its subgraphs included. */
export function readsOf(node: Node): Value[] {
  const captured = subgraphsOf(node).flatMap(capturesOf);
  return [...node.inputs.filter((name) => name !== ""), ...captured];
}

/** The values a subgraph reads from outside itself. */
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

/** Every name in a graph and the graphs inside it: of values and of nodes. */
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

/** Every value that depends on one of `sources`, themselves included. */
export function reachableFrom(graph: Graph, sources: Iterable<Value>): Set<Value> {
  const reached = new Set(sources);
  for (const node of graph.nodes) {
    if (readsOf(node).some((name) => reached.has(name))) {
      for (const output of node.outputs) if (output) reached.add(output);
    }
  }
  return reached;
}

/** Every value that one of `targets` depends on, themselves included. */
export function neededFor(graph: Graph, targets: Iterable<Value>): Set<Value> {
  const needed = new Set(targets);
  for (const node of [...graph.nodes].reverse()) {
    if (node.outputs.some((output) => needed.has(output))) for (const name of readsOf(node)) needed.add(name);
  }
  return needed;
}

/** Nodes reordered so that each stands after those it reads from; undefined if they form a circle. */
export function topologicalOrder(graph: Graph): Node[] | undefined {
  const producers = producersOf(graph);
  const order: Node[] = [];
  const state = new Map<Node, "open" | "done">();
  for (const root of graph.nodes) {
    // An explicit stack: a chain of nodes may be longer than the call stack is deep.
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
