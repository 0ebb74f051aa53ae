/** The graph in memory: ONNX's own model, where values are names, as plain data. */
import type { DataType, Tensor } from "../../base/index.js";

/** The name of a value. The empty name stands for an optional input that is left out. */
export type Value = string;

/** An attribute with its ONNX type. An integer and a float of the same value are different attributes. */
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
  /** Unique within the graph. Shown in messages, profiles and viewers. */
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

/** A graph input or output. A dimension is a number, or the name of a symbolic dimension. */
export interface ValueInfo {
  readonly name: Value;
  /** Undefined if the file does not say; the engine then infers it. */
  readonly type: DataType | undefined;
  readonly shape: readonly (number | string)[] | undefined;
}

export interface Graph {
  name: string;
  /** The file that it was read from, for messages. */
  file?: string;
  /** The opset: the version of the standard operators. */
  opset: number;
  /** Versions of the other operator domains that the graph uses. */
  domains: Map<string, number>;
  /** The values that a caller feeds, without initializers. */
  inputs: ValueInfo[];
  outputs: ValueInfo[];
  initializers: Map<Value, Tensor>;
  /** In topological order. */
  nodes: Node[];
}

export function emptyGraph(name: string, opset: number): Graph {
  return { name, opset, domains: new Map(), inputs: [], outputs: [], initializers: new Map(), nodes: [] };
}

/** A copy whose lists can be changed. Nodes and tensors are shared, because they are immutable. */
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

/** A node's operator and name for messages: `Conv "encoder.3"`. */
export function describeNode(node: Node): string {
  const operator = node.domain ? `${node.domain}.${node.op}` : node.op;
  return `${operator} "${node.name}"`;
}
