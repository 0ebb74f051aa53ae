/** Model-local functions: every call is replaced by the function's body, before the graph is decoded. */
import { create } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  type FunctionProto,
  type GraphProto,
  type NodeProto,
  NodeProtoSchema,
} from "onnx-buf";
import { SeawallError } from "../../base/index.js";
import { Names } from "../graph/names.js";
import { changes } from "../upgrades/index.js";
import { changed, graphsIn, renameGraph, standardDomain, valueNamesIn, withGraphs } from "./protos.js";

/** Limits for hostile files: functions that each call the next twice would double the nodes at every level. */
const mostNodes = 100_000;
const deepestCall = 100;

/** Versions of the operators, by domain. */
type Versions = ReadonlyMap<string, number>;

interface Library {
  readonly functions: ReadonlyMap<string, FunctionProto>;
  readonly names: Names;
  nodes: number;
}

/**
 * Replaces calls of `functions` in a graph, at any depth, by their bodies, with values renamed and attributes filled
 * in. The result's versions include those that the bodies need.
 * @throws SeawallError `model` for recursion and for calls whose inputs or outputs do not fit; `unsupported` for bodies
 * whose opset defines their operators differently, and for more than 100,000 nodes
 */
export function inlineFunctions(
  graph: GraphProto,
  functions: readonly FunctionProto[],
  versions: Versions,
): { graph: GraphProto; versions: Versions } {
  if (functions.length === 0) return { graph, versions };
  const library: Library = {
    functions: new Map(functions.map((entry) => [keyOf(entry.domain, entry.name, entry.overload), entry])),
    names: new Names(valueNamesIn(graph)),
    nodes: 0,
  };
  for (const entry of functions) checkVersion(entry, versions.get("") ?? 0);
  return { graph: inlineGraph(graph, library, []), versions: mergedVersions(functions, versions) };
}

function keyOf(domain: string, name: string, overload: string): string {
  return JSON.stringify([standardDomain(domain), name, overload]);
}

/** The standard allows a body another opset only if the operators it uses are the same in both. */
function checkVersion(entry: FunctionProto, opset: number): void {
  const theirs = Number(
    entry.opsetImport.find(({ domain }) => standardDomain(domain) === "")?.version ?? opset,
  );
  const [older, newer] = [Math.min(opset, theirs), Math.max(opset, theirs)];
  const nodes = [...entry.node, ...graphsIn(entry.node).flatMap((graph) => graph.node)];
  const differing = nodes.find(({ opType, domain }) => {
    const rows = standardDomain(domain) === "" ? changes.get(opType) : undefined;
    return [...(rows?.keys() ?? [])].some((version) => version > older && version <= newer);
  });
  if (!differing) return;
  throw new SeawallError(
    "unsupported",
    `function "${entry.name}" is written for opset ${theirs}, the model for opset ${opset}, and ${differing.opType} differs between them; export both with one opset`,
  );
}

function mergedVersions(functions: readonly FunctionProto[], versions: Versions): Versions {
  const theirs = functions.flatMap((entry) =>
    entry.opsetImport.map(({ domain, version }) => [standardDomain(domain), Number(version)] as const),
  );
  return new Map([...theirs, ...versions]);
}

function inlineGraph(graph: GraphProto, library: Library, path: readonly string[]): GraphProto {
  return changed(graph, { node: inlineNodes(graph.node, library, path) });
}

function inlineNodes(nodes: readonly NodeProto[], library: Library, path: readonly string[]): NodeProto[] {
  return nodes.flatMap((node) => {
    if (++library.nodes > mostNodes) {
      throw new SeawallError("unsupported", `its functions, when inlined, make more than ${mostNodes} nodes`);
    }
    const key = keyOf(node.domain, node.opType, node.overload);
    const entry = library.functions.get(key);
    const inner = withGraphs(node, (graph) => inlineGraph(graph, library, path));
    if (!entry) return [inner];
    if (path.includes(key)) throw new SeawallError("model", `function "${entry.name}" calls itself`);
    if (path.length >= deepestCall) {
      throw new SeawallError("unsupported", `function calls are nested more than ${deepestCall} deep`);
    }
    return inlineNodes(bodyOf(inner, entry, library.names), library, [...path, key]);
  });
}

/** The nodes of a function for one call, with the call's inputs, outputs and attributes. */
function bodyOf(call: NodeProto, entry: FunctionProto, names: Names): NodeProto[] {
  checkArity(call, entry);
  const prefix = call.name || call.output.find(Boolean) || entry.name;
  const { values, bridges } = bind(call, entry);
  const attributes = new Map([...entry.attributeProto, ...call.attribute].map((held) => [held.name, held]));
  const rename = (name: string) => {
    const known = values.get(name) ?? names.fresh(`${prefix}/${name}`);
    values.set(name, known);
    return known;
  };
  const rewrite = (node: NodeProto): NodeProto =>
    changed(node, {
      name: `${prefix}/${node.name || node.opType}`,
      input: node.input.map(rename),
      output: node.output.map(rename),
      attribute: withGraphs(node, (graph) => renameGraph(graph, rename, rewrite)).attribute.flatMap((held) =>
        resolve(held, attributes),
      ),
    });
  return [...entry.node.map(rewrite), ...bridges];
}

function checkArity(call: NodeProto, entry: FunctionProto): void {
  if (call.input.length <= entry.input.length && call.output.length <= entry.output.length) return;
  throw new SeawallError(
    "model",
    `node "${call.name}" calls function "${entry.name}" with ${call.input.length} inputs and ${call.output.length} outputs; the function has ${entry.input.length} and ${entry.output.length}`,
  );
}

/**
 * The caller's names for the body's inputs and outputs, and Identity nodes (`bridges`) for outputs that are also inputs
 * or other outputs, and so have a name already.
 */
function bind(call: NodeProto, entry: FunctionProto) {
  const inputs = entry.input.map((formal, i) => [formal, call.input[i] ?? ""] as const);
  const values = new Map<string, string>([["", ""], ...inputs]);
  const bridges: NodeProto[] = [];
  for (const [i, formal] of entry.output.entries()) {
    const actual = call.output[i];
    if (!actual) continue;
    const source = values.get(formal);
    if (source === undefined) values.set(formal, actual);
    else bridges.push(identity(source, actual));
  }
  return { values, bridges };
}

function identity(from: string, to: string): NodeProto {
  return create(NodeProtoSchema, { opType: "Identity", name: to, input: [from], output: [to] });
}

/** An attribute that refers to one of the function's attributes gets its value, or is removed if the call has none. */
function resolve(held: AttributeProto, given: ReadonlyMap<string, AttributeProto>): AttributeProto[] {
  if (!held.refAttrName) return [held];
  const actual = given.get(held.refAttrName);
  return actual ? [changed(actual, { name: held.name })] : [];
}
