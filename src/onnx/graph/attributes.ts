/** Writing and reading attributes. The reader gives the default value. */
import { invariant, type Tensor } from "../../base/index.js";
import type { Attribute, Attributes, Graph, Node } from "./graph.js";

/** A FLOAT attribute. Bare numbers would become INT. */
export function float(value: number): Attribute {
  return { kind: "float", value };
}

export function floats(value: readonly number[]): Attribute {
  return { kind: "floats", value };
}

/** The value of an attribute when writing: bare numbers are INT or INTS, `float(…)` is a FLOAT. */
export type AttributeInput = number | string | readonly number[] | Tensor | Attribute | undefined;

/** Attributes from plain values. Undefined values are left out. */
export function attributesOf(plain: Readonly<Record<string, AttributeInput>>): Attributes {
  const entries = Object.entries(plain).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, tag(value)] as const],
  );
  return Object.fromEntries(entries);
}

function tag(value: Exclude<AttributeInput, undefined>): Attribute {
  if (typeof value === "number") {
    invariant(Number.isInteger(value), `attribute ${value} is not an integer: wrap it in float()`);
    return { kind: "int", value };
  }
  if (typeof value === "string") return { kind: "string", value };
  if (Array.isArray(value)) return { kind: "ints", value };
  return "kind" in value ? value : { kind: "tensor", value: value as Tensor };
}

interface AttributeValues {
  int: number;
  float: number;
  string: string;
  tensor: Tensor;
  graph: Graph;
  ints: readonly number[];
  floats: readonly number[];
  strings: readonly string[];
  graphs: readonly Graph[];
}

function read<K extends keyof AttributeValues>(node: Node, name: string, kind: K) {
  const attribute = node.attributes[name];
  return attribute?.kind === kind ? (attribute.value as AttributeValues[K]) : undefined;
}

/** Readers of attributes. The last argument is the standard's default: `attribute.int(node, "axis", -1)`. */
export const attribute = {
  int: (node: Node, name: string, fallback: number) => read(node, name, "int") ?? fallback,
  float: (node: Node, name: string, fallback: number) => read(node, name, "float") ?? fallback,
  string: (node: Node, name: string, fallback: string) => read(node, name, "string") ?? fallback,
  ints: (node: Node, name: string, fallback: readonly number[]) => read(node, name, "ints") ?? fallback,
  floats: (node: Node, name: string, fallback: readonly number[]) => read(node, name, "floats") ?? fallback,
  /** The list; undefined if the attribute is absent, where the default depends on the inputs. */
  optionalInts: (node: Node, name: string) => read(node, name, "ints"),
  optionalFloats: (node: Node, name: string) => read(node, name, "floats"),
  optionalInt: (node: Node, name: string) => read(node, name, "int"),
  optionalFloat: (node: Node, name: string) => read(node, name, "float"),
  tensor: (node: Node, name: string) => read(node, name, "tensor"),
  graph: (node: Node, name: string) => read(node, name, "graph"),
};

/** The graphs inside a node: branches of `If`, bodies of `Loop` and `Scan`. */
export function subgraphsOf(node: Node): readonly Graph[] {
  return Object.values(node.attributes).flatMap((attribute) => {
    if (attribute.kind === "graph") return [attribute.value];
    return attribute.kind === "graphs" ? attribute.value : [];
  });
}

/** The node with `change` applied to the graphs inside it; the same node if it has none. */
export function mapGraphs(node: Node, change: (graph: Graph) => Graph): Node {
  if (subgraphsOf(node).length === 0) return node;
  const changed = Object.entries(node.attributes).map(
    ([name, attribute]) => [name, changeGraphs(attribute, change)] as const,
  );
  return { ...node, attributes: Object.fromEntries(changed) };
}

function changeGraphs(attribute: Attribute, change: (graph: Graph) => Graph): Attribute {
  if (attribute.kind === "graph") return { kind: "graph", value: change(attribute.value) };
  if (attribute.kind === "graphs") return { kind: "graphs", value: attribute.value.map(change) };
  return attribute;
}
