/** Conversion of half- and double-precision models to float32, in which gradients are computed. */
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

/** A graph in float32, and what was changed, for a notice to the user. */
export interface Widened {
  readonly graph: Graph;
  /** The float types that became float32; empty if the graph is unchanged. */
  readonly from: readonly DataType[];
  /** Inputs that now take float32. */
  readonly inputs: readonly string[];
  /** Outputs that are now float32. */
  readonly outputs: readonly string[];
}

/**
 * Converts float16, bfloat16 and float64 in a graph in normal form to float32: initializers, inputs, outputs, and
 * attributes that hold a tensor or an element type. Finite numbers stay finite: a float64 beyond float32's range becomes
 * float32's largest number.
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

/** For each float type to convert, the value of an element as a number. */
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

/** Attributes of standard operators that hold an element type. */
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
