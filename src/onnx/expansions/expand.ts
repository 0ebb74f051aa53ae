/** Expanding: operators outside the standard, or too new for gradient rules, become standard ones of opset 18. */
import { SeawallError } from "../../base/index.js";
import { mapGraphs } from "../graph/attributes.js";
import { GraphBuilder } from "../graph/builder.js";
import { Facts } from "../graph/facts.js";
import { copyGraph, describeNode, type Graph, type Node, type Value } from "../graph/graph.js";
import { allNamesIn, graphsWithin, readsOf } from "../graph/traverse.js";
import { activations } from "./activation.js";
import { attentions, standardAttention } from "./attention.js";
import { deformable } from "./deformable.js";
import { type Expansion, type ExpansionContext, notExpanded } from "./expansion.js";
import { normalizations } from "./normalization.js";
import { products } from "./product.js";
import { recurrent } from "./recurrent.js";
import { scan } from "./scan.js";

const microsoft = "com.microsoft";

/** The expansions, by domain and operator. */
export const expansions: Readonly<Record<string, Readonly<Record<string, Expansion>>>> = {
  "": {
    ...standardAttention,
    ...deformable,
    ...recurrent,
    ...scan,
    SimplifiedLayerNormalization: normalizations.SimplifiedLayerNormalization!,
  },
  [microsoft]: { ...activations, ...products, ...normalizations, ...attentions },
};

/** Domains whose layouts exist in the memory of one kind of processor only. */
const processorDomains = new Set(["com.microsoft.nchwc", "com.ms.internal.nhwc"]);

/**
 * Rewrites every node that has an expansion, also in the graphs inside nodes; other nodes stay.
 * The graph must be in the form that `upgrade` makes.
 * @throws SeawallError `unsupported` for files that were optimised for one processor, and for forms of an
 *   operator that have no standard equivalent
 */
export function expand(graph: Graph): Graph {
  const nodes = graphsWithin(graph).flatMap((inner) => inner.nodes);
  nodes.forEach(refuseProcessorLayout);
  return nodes.some((node) => expansionOf(node)) ? expandIn(graph, allNamesIn(graph)) : graph;
}

function expansionOf({ domain, op }: Node): Expansion | undefined {
  const table = Object.hasOwn(expansions, domain) ? expansions[domain]! : {};
  return Object.hasOwn(table, op) ? table[op] : undefined;
}

function refuseProcessorLayout(node: Node): void {
  if (!processorDomains.has(node.domain)) return;
  throw new SeawallError(
    "unsupported",
    `${describeNode(node)}: the file was optimised for one kind of processor (its memory layout is not part of ONNX); use the file before optimisation`,
  );
}

function expandIn(graph: Graph, taken: Set<string>): Graph {
  const next: Graph = { ...copyGraph(graph), nodes: [] };
  const build = new GraphBuilder(next, taken);
  const facts = new Facts(next);
  const reads = new Set([...graph.nodes.flatMap(readsOf), ...graph.outputs.map((output) => output.name)]);
  for (const node of graph.nodes) {
    const before = next.nodes.length;
    const expansion = expansionOf(node);
    const rewritten = mapGraphs(node, (inner) => expandIn(inner, taken));
    if (expansion === undefined) next.nodes.push(rewritten);
    else build.within(node.name, () => replace(expansion, contextOf(rewritten, build, facts), reads));
    for (const written of next.nodes.slice(before)) facts.observe(written);
  }
  const used = new Set(graphsWithin(next).flatMap((inner) => inner.nodes.map(({ domain }) => domain)));
  next.domains = new Map([...graph.domains].filter(([domain]) => used.has(domain)));
  return next;
}

function contextOf(node: Node, build: GraphBuilder, facts: Facts): ExpansionContext {
  // An expansion asks about values that it has just written itself.
  let observed = build.graph.nodes.length;
  const current: ExpansionContext["facts"] = {
    of(value) {
      for (; observed < build.graph.nodes.length; observed++) facts.observe(build.graph.nodes[observed]!);
      return facts.of(value);
    },
  };
  const optional = (i: number) => node.inputs[i] || undefined;
  return {
    node,
    build,
    facts: current,
    optional,
    required(i) {
      const input = optional(i);
      if (input === undefined) throw notExpanded(node, `its input ${i} is missing`);
      return input;
    },
    scalar(value, like) {
      const type = current.of(like).type ?? "float32";
      return type === "float32" ? build.scalar(value) : build.cast(build.scalar(value), type);
    },
  };
}

/** Writes the expansion and gives its results the names of the outputs that are read. */
function replace(expansion: Expansion, context: ExpansionContext, reads: ReadonlySet<Value>): void {
  const { node, build } = context;
  const results = expansion(context);
  for (const [i, output] of node.outputs.entries()) {
    const result = results[i];
    if (!reads.has(output)) continue;
    if (result === undefined) throw notExpanded(node, `its output "${output}" is in use`);
    build.alias(result, output);
  }
}
