/** Editing ONNX's messages before they are decoded. */
import type { Message } from "@bufbuild/protobuf";
import type { AttributeProto, GraphProto, NodeProto } from "onnx-buf";

/** An operator domain's name in a `Graph`: the standard domain `ai.onnx` is the empty name. */
export function standardDomain(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

/** A shallow copy with some fields changed. It keeps the prototype, which has the message's default values. */
export function changed<T extends Message>(message: T, fields: Partial<T>): T {
  return Object.assign(Object.create(Object.getPrototypeOf(message)), message, fields);
}

/** The graphs inside nodes, at any depth. */
export function graphsIn(nodes: readonly NodeProto[]): GraphProto[] {
  const direct = nodes.flatMap((node) =>
    node.attribute.flatMap((held) => (held.g ? [held.g, ...held.graphs] : held.graphs)),
  );
  return direct.flatMap((graph) => [graph, ...graphsIn(graph.node)]);
}

/** The names of all values of a graph and the graphs inside it. */
export function valueNamesIn(graph: GraphProto): Set<string> {
  const graphs = [graph, ...graphsIn(graph.node)];
  return new Set(
    graphs.flatMap(({ input, output, initializer, node }) => [
      ...[...input, ...output, ...initializer].map(({ name }) => name),
      ...node.flatMap((entry) => [...entry.input, ...entry.output]),
    ]),
  );
}

/** The operator domains that a graph and the graphs inside it use. */
export function domainsIn(graph: GraphProto): Set<string> {
  const nodes = [graph, ...graphsIn(graph.node)].flatMap(({ node }) => node);
  return new Set(nodes.map(({ domain }) => standardDomain(domain)));
}

/** The node with `change` applied to the graphs that it holds itself. */
export function withGraphs(node: NodeProto, change: (graph: GraphProto) => GraphProto): NodeProto {
  if (!node.attribute.some(({ g, graphs }) => g || graphs.length > 0)) return node;
  const attribute = node.attribute.map((held: AttributeProto) =>
    changed(held, { ...(held.g && { g: change(held.g) }), graphs: held.graphs.map(change) }),
  );
  return changed(node, { attribute });
}

/** The graph with its values renamed and its nodes rewritten. */
export function renameGraph(
  graph: GraphProto,
  rename: (name: string) => string,
  rewrite: (node: NodeProto) => NodeProto,
): GraphProto {
  const renamed = <T extends Message & { name: string }>(entry: T) =>
    changed<Message & { name: string }>(entry, { name: rename(entry.name) }) as T;
  return changed(graph, {
    input: graph.input.map(renamed),
    output: graph.output.map(renamed),
    initializer: graph.initializer.map(renamed),
    node: graph.node.map(rewrite),
    valueInfo: [],
  });
}
