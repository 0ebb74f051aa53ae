/** Structural simplifying, which needs no values: unused nodes, identities, common subexpressions. */

import { subgraphsOf } from "../graph/attributes.js";
import type { Graph, Node, Value } from "../graph/graph.js";
import { neededFor, readsOf } from "../graph/traverse.js";

/** Removes identities, merges equal nodes, then removes nodes and initializers that no output needs. */
export function simplify(graph: Graph): Graph {
  return removeDead(mergeCommon(removeIdentities(graph)));
}

/** Removes nodes and initializers that no output depends on. Inputs stay, because callers feed them. */
export function removeDead(graph: Graph): Graph {
  const needed = neededFor(
    graph,
    graph.outputs.map((output) => output.name),
  );
  return {
    ...graph,
    nodes: graph.nodes.filter((node) => node.outputs.some((output) => needed.has(output))),
    initializers: new Map([...graph.initializers].filter(([name]) => needed.has(name))),
  };
}

/** Removes `Identity` nodes, except those that make a graph output. */
export function removeIdentities(graph: Graph): Graph {
  return rewire(graph, (node) =>
    node.op === "Identity" && node.domain === "" ? [node.inputs[0]!] : undefined,
  );
}

/** Merges nodes with equal operator, attributes and inputs, except random operators. */
export function mergeCommon(graph: Graph): Graph {
  const first = new Map<string, Node>();
  return rewire(graph, (node) => {
    if (!isPure(node)) return undefined;
    const made = node.outputs.map((output) => output !== "");
    const key = JSON.stringify([node.domain, node.op, node.inputs, made, attributesKey(node)], exactNumbers);
    const twin = first.get(key);
    if (twin) return twin.outputs;
    first.set(key, node);
    return undefined;
  });
}

const random = /^(Random|Bernoulli|Multinomial|Dropout)/;

/** Whether a node gives the same values for the same inputs, and has no graphs inside. */
export function isPure(node: Node): boolean {
  return !random.test(node.op) && subgraphsOf(node).length === 0;
}

/** Tensor attributes are compared by identity. Only `Constant` nodes have them, and reading makes those initializers. */
const tensorNumbers = new WeakMap<object, number>();
let tensorCount = 0;

function attributesKey(node: Node): unknown {
  return Object.entries(node.attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { kind, value }]) => [
      name,
      kind,
      typeof value === "object" && "data" in value ? tensorNumber(value) : value,
    ]);
}

/** A JSON replacer that distinguishes NaN, the infinities and −0, which JSON does not. */
function exactNumbers(_: string, value: unknown): unknown {
  return typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))
    ? { number: Object.is(value, -0) ? "-0" : String(value) }
    : value;
}

function tensorNumber(tensor: object): number {
  const known = tensorNumbers.get(tensor);
  if (known !== undefined) return known;
  tensorNumbers.set(tensor, ++tensorCount);
  return tensorCount;
}

/**
 * Removes each node for which `replacement` gives values, and lets its readers read these values instead. A node that
 * makes a graph output, or a value that a subgraph reads, is kept, because its name must not change.
 */
function rewire(graph: Graph, replacement: (node: Node) => readonly Value[] | undefined): Graph {
  const outputs = new Set(graph.outputs.map((output) => output.name));
  const captured = new Set(graph.nodes.filter((node) => subgraphsOf(node).length > 0).flatMap(readsOf));
  const renamed = new Map<Value, Value>();
  const nodes: Node[] = [];
  for (const original of graph.nodes) {
    const node = withInputs(
      original,
      original.inputs.map((name) => renamed.get(name) ?? name),
    );
    const fixed = node.outputs.some((name) => outputs.has(name) || captured.has(name));
    const values = fixed ? undefined : replacement(node);
    if (values === undefined) nodes.push(node);
    else for (const [i, name] of node.outputs.entries()) renamed.set(name, values[i]!);
  }
  return { ...graph, nodes };
}

function withInputs(node: Node, inputs: readonly Value[]): Node {
  return inputs.every((name, i) => name === node.inputs[i]) ? node : { ...node, inputs };
}
