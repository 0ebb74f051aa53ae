/** Brings graphs of all opsets into one normal form, so that no code after reading needs to know opsets. */
import { float32, int64, SeawallError, type Tensor } from "../../base/index.js";
import { mapGraphs } from "../graph/attributes.js";
import { GraphBuilder } from "../graph/builder.js";
import { Facts } from "../graph/facts.js";
import {
  type Attribute,
  copyGraph,
  describeNode,
  type Graph,
  type Node,
  type Value,
} from "../graph/graph.js";
import { allNamesIn, graphsWithin, readsOf } from "../graph/traverse.js";
import { changes, type Surroundings, settled } from "./index.js";

/** Every graph is brought to this opset at least. */
const lowestOpset = 18;

/**
 * Brings a graph, and the graphs inside it, into normal form:
 * - operators are those of opset 18, or of a later opset if the model has a later one, or if `changes` has a later row
 *   for one of its operators (`graph.opset` says which);
 * - constants are initializers, never `Constant` nodes;
 * - `Dropout` is an `Identity`, unless the file sets it to training;
 * - optional inputs without effect are left out.
 * The engine's results are bit-identical to those of the original.
 * @throws SeawallError `unsupported`, naming the node, if newer opsets cannot express it
 */
export function upgrade(graph: Graph): Graph {
  const nodes = graphsWithin(graph).flatMap((inner) => inner.nodes);
  const needed = nodes.reduce((opset, node) => Math.max(opset, newestChange(node)), lowestOpset);
  const scope: Scope = { taken: allNamesIn(graph), constant: () => undefined };
  return upgradeTo(Math.max(graph.opset, needed), graph, scope);
}

function newestChange(node: Node): number {
  const versions = node.domain === "" ? changes.get(node.op)?.keys() : undefined;
  return Math.max(0, ...(versions ?? []));
}

interface Scope {
  /** All names in use in the model. */
  readonly taken: Set<string>;
  /** The constants of enclosing graphs. */
  constant(value: Value): Tensor | undefined;
}

function upgradeTo(opset: number, graph: Graph, scope: Scope): Graph {
  const next: Graph = { ...copyGraph(graph), opset, nodes: [] };
  const reads = new Set([...graph.nodes.flatMap(readsOf), ...graph.outputs.map((output) => output.name)]);
  const around: Surroundings = {
    build: new GraphBuilder(next, scope.taken),
    facts: new Facts(next),
    constant: (value = "") => next.initializers.get(value) ?? scope.constant(value),
    isRead: (value = "") => reads.has(value),
  };
  for (const node of graph.nodes) {
    if (node.op === "Constant" && node.domain === "") {
      next.initializers.set(node.outputs[0]!, constantOf(node));
      continue;
    }
    const before = next.nodes.length;
    const changed = around.build.within(node.name, () => settle(node, graph.opset, opset, around));
    next.nodes.push(mapGraphs(changed, (inner) => upgradeTo(opset, inner, { ...scope, ...around })));
    for (const written of next.nodes.slice(before)) around.facts.observe(written);
  }
  return next;
}

/** Applies the changes between two opsets in order. A change may rename the operator, so each looks up the new name. */
function settle(node: Node, from: number, to: number, around: Surroundings): Node {
  if (node.domain !== "") return node;
  let current = node;
  for (let version = from + 1; version <= to; version++) {
    current = changes.get(current.op)?.get(version)?.(current, around) ?? current;
  }
  return settled.get(current.op)?.(current, around) ?? current;
}

/** The tensor of a `Constant` node, from whichever of its attributes has the value. */
function constantOf(node: Node): Tensor {
  const tensor = Object.entries(node.attributes).flatMap(([name, held]) =>
    name.startsWith("value") ? [tensorOf(held)] : [],
  )[0];
  if (tensor) return tensor;
  throw new SeawallError("model", `${describeNode(node)} has no value; the file is damaged`);
}

function tensorOf({ kind, value }: Attribute): Tensor | undefined {
  switch (kind) {
    case "tensor":
      return value;
    case "int":
      return int64([], [value]);
    case "ints":
      return int64([value.length], value);
    case "float":
      return float32([], [value]);
    case "floats":
      return float32([value.length], value);
    case "string":
      return { type: "string", dims: [], data: [value] };
    case "strings":
      return { type: "string", dims: [value.length], data: [...value] };
    default:
      return undefined;
  }
}
