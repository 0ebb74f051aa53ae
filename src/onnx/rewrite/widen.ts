/** Half- and double-precision models made float32, so that gradients are computed in float32. */
import {
  type ArrayOf,
  bfloat16ToNumber,
  type DataType,
  float16ToNumber,
  type Tensor,
} from "../../base/index.js";
import { mapGraphs } from "../graph/attributes.js";
import { dataType, elementType } from "../graph/builder.js";
import { type Attribute, copyGraph, type Graph, type Node, type ValueInfo } from "../graph/graph.js";

/** A graph in float32, and what had to be changed, for the caller to say so. */
export interface Widened {
  readonly graph: Graph;
  /** The float types that became float32, each once; empty if the graph is the one that was given. */
  readonly from: readonly DataType[];
  /** Inputs to be fed with float32 where the model's file asks for another type. */
  readonly inputs: readonly string[];
  /** Outputs that come in float32 where the model's file declares another type. */
  readonly outputs: readonly string[];
}

/**
 * Makes every float16, bfloat16 and float64 of a graph in normal form a float32: initializers, inputs,
 * outputs, and attributes that hold a tensor or name an element type. Finite numbers stay finite: those of
 * float64 that are too large for float32 become its largest.
 */
export function widenFloats(graph: Graph): Widened {
  const found = new Set<DataType>();
  const widened = widenGraph(graph, found);
  const narrow = (infos: readonly ValueInfo[]) =>
    infos.filter(({ type }) => type && isOther(type)).map(({ name }) => name);
  return {
    graph: found.size > 0 ? widened : graph,
    from: [...found],
    inputs: narrow(graph.inputs),
    outputs: narrow(graph.outputs),
  };
}

/** How to read an element of each other float type as a number. */
const others = {
  float16: float16ToNumber,
  bfloat16: bfloat16ToNumber,
  float64: (value: number) => (Number.isFinite(value) ? Math.max(-largest, Math.min(largest, value)) : value),
} as const;

type Other = keyof typeof others;

const largest = 3.4028234663852886e38;

function isOther(type: DataType): type is Other {
  return type in others;
}

function widenGraph(graph: Graph, found: Set<DataType>): Graph {
  const note = (type: Other) => found.add(type);
  const info = (value: ValueInfo): ValueInfo => {
    if (!value.type || !isOther(value.type)) return value;
    note(value.type);
    return { ...value, type: "float32" };
  };
  const tensor = (held: Tensor): Tensor => {
    if (!isOther(held.type)) return held;
    note(held.type);
    return widenTensor(held as Tensor<Other>);
  };
  const node = (original: Node): Node => {
    const inner = mapGraphs(original, (subgraph) => widenGraph(subgraph, found));
    const entries = Object.entries(inner.attributes);
    const changed = entries.map(([name, held]) => [name, widenAttribute(name, held, tensor, note)] as const);
    const same = changed.every(([, held], i) => held === entries[i]![1]);
    return same ? inner : { ...inner, attributes: Object.fromEntries(changed) };
  };
  return {
    ...copyGraph(graph),
    inputs: graph.inputs.map(info),
    outputs: graph.outputs.map(info),
    initializers: new Map([...graph.initializers].map(([name, held]) => [name, tensor(held)])),
    nodes: graph.nodes.map((original) => (original.domain === "" ? node(original) : original)),
  };
}

function widenTensor({ type, dims, data }: Tensor<Other>): Tensor<"float32"> {
  const read = others[type];
  const numbers = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) numbers[i] = read((data as ArrayOf[Other])[i]!);
  return { type: "float32", dims, data: numbers };
}

/** Attributes by which standard operators name an element type: of `Cast`, random numbers, windows, sums. */
const typeNames = new Set([
  "to",
  "dtype",
  "output_dtype",
  "output_datatype",
  "stash_type",
  "softmax_precision",
]);

function widenAttribute(
  name: string,
  held: Attribute,
  tensor: (held: Tensor) => Tensor,
  note: (type: Other) => void,
): Attribute {
  if (held.kind === "tensor") {
    const value = tensor(held.value);
    return value === held.value ? held : { kind: "tensor", value };
  }
  const type = held.kind === "int" && typeNames.has(name) ? dataType(held.value) : undefined;
  if (!type || !isOther(type)) return held;
  note(type);
  return { kind: "int", value: elementType("float32") };
}
