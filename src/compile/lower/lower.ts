/** Lowering: composite operators become standard ones, in the forms of a target. */
import type { TypedShapes } from "../../autodiff/index.js";
import { invariant } from "../../base/index.js";
import {
  compositeDomain,
  copyGraph,
  describeNode,
  type Graph,
  GraphBuilder,
  type Node,
  simplify,
  type Value,
} from "../../onnx/index.js";
import { cpu } from "./cpu.js";
import type { Form, TargetForms } from "./forms.js";
import { gpu } from "./gpu.js";
import { portable } from "./portable.js";
import type { Target } from "./target.js";

const forms: Readonly<Record<Target, TargetForms>> = { portable, cpu, gpu };

/**
 * Lowers a finished graph to a target. To be done last, since gradient rules know the original operators.
 * @param types static types and shapes, where known
 * @returns a graph of operators that the target has
 */
export function lower(build: GraphBuilder, types: TypedShapes, target: Target): Graph {
  expandComposites(build, target);
  return rewrite(simplify(build.graph), types, forms[target].rewrites);
}

/**
 * Replaces every composite operator of the builder's graph, in its place.
 * @returns by the output of each composite operator, the value that stands for it now
 */
export function expandComposites(build: GraphBuilder, target: Target): Map<Value, Value> {
  const { graph } = build;
  const nodes = graph.nodes;
  const replaced = new Map<Value, Value>();
  graph.nodes = [];
  for (const node of nodes) {
    const inputs = node.inputs.map((input) => replaced.get(input) ?? input);
    const current = inputs.every((input, i) => input === node.inputs[i]) ? node : { ...node, inputs };
    if (node.domain !== compositeDomain) graph.nodes.push(current);
    else
      replaced.set(
        node.outputs[0]!,
        build.within(scopeOf(node), () => formOf(node, target)(current, build)),
      );
  }
  for (const { name } of graph.outputs) {
    const value = replaced.get(name);
    // An output that a composite operator made gets its name back.
    if (value !== undefined) build.alias(value, name);
  }
  return replaced;
}

function formOf(node: Node, target: Target): Form {
  const { composites } = forms[target];
  invariant(Object.hasOwn(composites, node.op), `${describeNode(node)} is no composite operator`);
  return composites[node.op as keyof typeof composites];
}

/** The name of the node that a composite operator was written for: new nodes are named after it. */
function scopeOf({ name }: Node): string {
  return name.slice(0, Math.max(0, name.lastIndexOf("/")));
}

/** Applies rewrites of standard operators, except where a node makes an output of the graph. */
function rewrite(graph: Graph, types: TypedShapes, rewrites: TargetForms["rewrites"]): Graph {
  const build = new GraphBuilder(copyGraph(graph));
  build.graph.nodes = [];
  const outputs = new Set(graph.outputs.map((output) => output.name));
  for (const node of graph.nodes) {
    const applies = node.domain === "" && Object.hasOwn(rewrites, node.op) && !outputs.has(node.outputs[0]!);
    const value = applies ? build.within(node.name, () => rewrites[node.op]!(node, build, types)) : undefined;
    if (value === undefined) build.graph.nodes.push(node);
    else rename(build.graph.nodes, value, node.outputs[0]!);
  }
  return build.graph;
}

/** Gives the last node's output the name that its readers know. */
function rename(nodes: Node[], from: Value, to: Value): void {
  const last = nodes.pop()!;
  nodes.push({ ...last, outputs: last.outputs.map((output) => (output === from ? to : output)) });
}
