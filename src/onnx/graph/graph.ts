/** The graph in memory: ONNX's own model (values are names) with plain data. */
import type { DataType, Tensor } from "../../base/index.js";

/** A value is known by its name; the empty name stands for an optional input that is left out. */
export type Value = string;

/** Attribute values as ONNX tags them; an integer and a float of the same value are different things. */
export type Attribute =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "tensor"; readonly value: Tensor }
  | { readonly kind: "graph"; readonly value: Graph }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "strings"; readonly value: readonly string[] }
  | { readonly kind: "graphs"; readonly value: readonly Graph[] };

export type Attributes = Readonly<Record<string, Attribute>>;

export interface Node {
  readonly op: string;
  /** Empty for the standard operators. */
  readonly domain: string;
  /** Unique within the graph; names in messages, profiles and viewers. */
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

/** A graph input or output. A dimension is a number, or the name of a symbolic one. */
export interface ValueInfo {
  readonly name: Value;
  /** Undefined where the file does not say; the engine infers it. */
  readonly type: DataType | undefined;
  readonly shape: readonly (number | string)[] | undefined;
}

export interface Graph {
  name: string;
  /** Version of the standard operators that the nodes are written in. */
  opset: number;
  /** Versions of the other operator domains in use. */
  domains: Map<string, number>;
  /** What a caller feeds; initializers are not listed here. */
  inputs: ValueInfo[];
  outputs: ValueInfo[];
  initializers: Map<Value, Tensor>;
  /** In topological order. */
  nodes: Node[];
}

export function emptyGraph(name: string, opset: number): Graph {
  return { name, opset, domains: new Map(), inputs: [], outputs: [], initializers: new Map(), nodes: [] };
}

/** A copy whose lists can be edited; nodes and tensors are immutable and shared. */
export function copyGraph(graph: Graph): Graph {
  return {
    ...graph,
    domains: new Map(graph.domains),
    inputs: [...graph.inputs],
    outputs: [...graph.outputs],
    initializers: new Map(graph.initializers),
    nodes: [...graph.nodes],
  };
}

/** `Conv "encoder.3"`, as messages name a node. */
export function describeNode(node: Node): string {
  const operator = node.domain ? `${node.domain}.${node.op}` : node.op;
  return `${operator} "${node.name}"`;
}
