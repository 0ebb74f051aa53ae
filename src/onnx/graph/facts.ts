/** Element type and rank of a graph's values, as far as they can be inferred without running it. */
import { type DataType, numbersOf } from "../../base/index.js";
import { attribute } from "./attributes.js";
import { dataType } from "./builder.js";
import type { Graph, Node, Value } from "./graph.js";

/** Element type and rank of a value; undefined if unknown. */
export interface Fact {
  readonly type: DataType | undefined;
  readonly rank: number | undefined;
}

const unknown: Fact = { type: undefined, rank: undefined };

/** Infers element types and ranks from a graph's inputs and constants, node by node. */
export class Facts {
  readonly #facts = new Map<Value, Fact>();
  readonly #graph: Graph;

  /** @param nodes nodes in normal form to observe at first; default: all nodes of the graph */
  constructor(graph: Graph, nodes: readonly Node[] = graph.nodes) {
    this.#graph = graph;
    for (const { name, type, shape } of graph.inputs) this.#facts.set(name, { type, rank: shape?.length });
    for (const node of nodes) this.observe(node);
  }

  of(value: Value): Fact {
    const constant = this.#graph.initializers.get(value);
    return constant
      ? { type: constant.type, rank: constant.dims.length }
      : (this.#facts.get(value) ?? unknown);
  }

  /** Infers facts about a node's outputs. Nodes must be observed in topological order. */
  observe(node: Node): void {
    if (node.domain !== "") return;
    const operands: Operands = {
      node,
      inputs: node.inputs.map((input) => this.of(input)),
      ints: (i) => this.#ints(node.inputs[i]),
    };
    const type = (types.get(node.op) ?? sameType)(operands);
    const rank = ranks.get(node.op)?.(operands);
    // Only Split's outputs all have the same type and rank; further outputs of others are indices, masks or states.
    const alike = node.op === "Split" ? node.outputs : node.outputs.slice(0, 1);
    for (const output of alike) this.#facts.set(output, { type, rank });
  }

  #ints(value: Value | undefined): readonly number[] | undefined {
    const tensor = this.#graph.initializers.get(value ?? "");
    return tensor?.type === "int64" ? numbersOf(tensor) : undefined;
  }
}

interface Operands {
  readonly node: Node;
  readonly inputs: readonly Fact[];
  /** The integers of input `i` if it is a constant. */
  ints(i: number): readonly number[] | undefined;
}

type Table<T> = ReadonlyMap<string, (operands: Operands) => T | undefined>;

function rows<T>(operators: string, result: (operands: Operands) => T | undefined) {
  return operators.split(" ").map((op) => [op, result] as const);
}

const sameType = ({ inputs }: Operands) => inputs[0]?.type;

const types: Table<DataType> = new Map([
  ...rows("Shape Size ArgMax ArgMin NonZero NonMaxSuppression", () => "int64" as const),
  ...rows("Equal Greater GreaterOrEqual Less LessOrEqual And Or Not Xor IsNaN IsInf", () => "bool" as const),
  ...rows("Where", ({ inputs }) => inputs[1]?.type),
  ...rows("OneHot", ({ inputs }) => inputs[2]?.type),
  ...rows("Cast", ({ node }) => dataType(attribute.int(node, "to", 0))),
  ...rows("ConstantOfShape", ({ node }) => attribute.tensor(node, "value")?.type ?? "float32"),
  ...rows("DequantizeLinear", ({ inputs }) => inputs[1]?.type),
  ...rows("MatMulInteger ConvInteger", () => "int32" as const),
  // The type follows an attribute, a nested graph, or an operand that may be absent.
  ...rows(
    "If Loop Scan QuantizeLinear DynamicQuantizeLinear QLinearConv QLinearMatMul EyeLike HannWindow HammingWindow " +
      "BlackmanWindow MelWeightMatrix RandomNormal RandomUniform RandomNormalLike RandomUniformLike Bernoulli Multinomial",
    () => undefined,
  ),
]);

const sameRank = ({ inputs }: Operands) => inputs[0]?.rank;

function largestRank({ inputs }: Operands): number | undefined {
  const known = inputs.map(({ rank }) => rank);
  return known.includes(undefined) ? undefined : Math.max(...(known as number[]));
}

function plus(rank: number | undefined, more: number | undefined): number | undefined {
  return rank === undefined || more === undefined ? undefined : rank + more;
}

function reducedRank({ node, inputs, ints }: Operands): number | undefined {
  if (attribute.int(node, "keepdims", 1) === 1) return inputs[0]?.rank;
  const axes = ints(1)?.length;
  return axes ? plus(inputs[0]?.rank, -axes) : undefined;
}

const ranks: Table<number> = new Map([
  ...rows(
    "Relu LeakyRelu PRelu Elu Selu Celu Sigmoid HardSigmoid HardSwish Mish Gelu Softplus Softsign Tanh Exp Log " +
      "Sqrt Abs Neg Erf Reciprocal Floor Ceil Round Sign Not Clip Cast Identity Dropout Softmax LogSoftmax Hardmax " +
      "BatchNormalization InstanceNormalization GroupNormalization LayerNormalization LpNormalization LRN " +
      "MaxPool AveragePool LpPool GlobalAveragePool GlobalMaxPool Resize Pad Slice Concat Split Tile CumSum " +
      "DepthToSpace SpaceToDepth",
    sameRank,
  ),
  ...rows("Add Sub Mul Div Pow Min Max Sum Mean Where Equal Greater Less And Or", largestRank),
  ...rows("Conv ConvTranspose", ({ inputs }) => inputs[0]?.rank ?? inputs[1]?.rank),
  ...rows("Flatten Gemm", () => 2),
  ...rows("Shape", () => 1),
  ...rows("MatMul", (operands) => {
    const largest = largestRank(operands);
    return operands.inputs.every(({ rank }) => (rank ?? 0) >= 2) ? largest : undefined;
  }),
  ...rows("Transpose", ({ node, inputs }) => attribute.optionalInts(node, "perm")?.length ?? inputs[0]?.rank),
  ...rows("Reshape", ({ ints }) => ints(1)?.length),
  ...rows("ConstantOfShape", ({ ints }) => ints(0)?.length),
  ...rows("Unsqueeze", ({ inputs, ints }) => plus(inputs[0]?.rank, ints(1)?.length)),
  ...rows("Squeeze", ({ inputs, ints }) => {
    const axes = ints(1)?.length;
    return axes ? plus(inputs[0]?.rank, -axes) : undefined;
  }),
  ...rows("Gather", ({ inputs }) => plus(plus(inputs[0]?.rank, inputs[1]?.rank), -1)),
  ...rows(
    "ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare",
    reducedRank,
  ),
]);
