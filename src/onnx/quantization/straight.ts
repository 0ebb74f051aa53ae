/** The path by which the gradient of a quantised model goes: the model on the real numbers that its integers stand for. */
import {
  arrayConstructors,
  type DataType,
  invariant,
  SeawallError,
  sizeOf,
  type Tensor,
} from "../../base/index.js";
import { attribute } from "../graph/attributes.js";
import { dataType, GraphBuilder } from "../graph/builder.js";
import { copyGraph, describeNode, type Graph, type Node, type Value } from "../graph/graph.js";
import { allNamesIn, neededFor, reachableFrom } from "../graph/traverse.js";
import { type MeaningContext, meaningOf, rounds } from "./operators.js";
import { Quantizer, type Real, type Scheme } from "./real.js";

/** Type and static shape of a graph's values. */
export type StaticTypes = ReadonlyMap<Value, { readonly type: DataType; readonly shape: readonly number[] }>;

export interface StraightOptions {
  /** Default true; false clips numbers to the range of the integers without rounding them. */
  readonly rounding?: boolean;
}

/** The operators that round what comes from `inputs` on its way to an output; empty for a model that is not quantised. */
export function quantizersOf(graph: Graph, inputs: readonly Value[]): Node[] {
  const reached = reachableFrom(graph, inputs);
  const needed = neededFor(
    graph,
    graph.outputs.map(({ name }) => name),
  );
  return graph.nodes.filter(
    (node) =>
      rounds(node) &&
      node.inputs.some((input) => reached.has(input)) &&
      node.outputs.some((output) => needed.has(output)),
  );
}

/**
 * The same function with float operators: every integer tensor is replaced by the real numbers that it stands for, every
 * operator on integers by the one on real numbers, followed by `QuantizeLinear` and `DequantizeLinear`. Results differ
 * from the integer operators' only where rounding of a sum decides between two integers. Inputs and outputs keep their
 * names; those that are integers become float32.
 * @param types of every value of the graph
 * @throws SeawallError `unsupported` for an operator on integers that has no meaning here, naming the node
 */
export function onRealNumbers(
  graph: Graph,
  types: StaticTypes,
  { rounding = true }: StraightOptions = {},
): Graph {
  const next: Graph = { ...copyGraph(graph), nodes: [] };
  const build = new GraphBuilder(next, allNamesIn(graph));
  const reader = new Reader(types, build, rounding);
  for (const node of graph.nodes) build.within(node.name, () => reader.read(node));
  for (const { name } of graph.outputs) reader.finish(name);
  return next;
}

const rows = (operators: string, holdsElements: (i: number) => boolean) =>
  operators.split(" ").map((op) => [op, holdsElements] as const);

/** Arithmetic on integers that stand for themselves, such as sums of integer products. */
const arithmetic = new Set(["Add", "Sub", "Mul", "Neg", "Sum", "ReduceSum"]);

/** Standard operators that integers may pass: which of their inputs hold elements; others hold sizes and indices. */
const carriers: ReadonlyMap<string, (i: number) => boolean> = new Map([
  ...rows("Identity MaxPool Reshape Transpose Resize Slice Split Squeeze Unsqueeze Flatten", (i) => i === 0),
  ...rows("Gather Expand Tile DepthToSpace SpaceToDepth ReduceSum", (i) => i === 0),
  ...rows("Concat Max Min Clip Add Sub Mul Neg Sum", () => true),
  ...rows("Where", (i) => i > 0),
  ...rows("Pad", (i) => i === 0 || i === 2),
]);

/** Reads a graph node by node and writes what it means. */
class Reader {
  readonly #types: StaticTypes;
  readonly #build: GraphBuilder;
  readonly #quantizer: Quantizer;
  readonly #rounding: boolean;
  /** The quantised values that have been read so far. */
  readonly #reals = new Map<Value, Real>();

  constructor(types: StaticTypes, build: GraphBuilder, rounding: boolean) {
    this.#types = types;
    this.#build = build;
    this.#rounding = rounding;
    this.#quantizer = new Quantizer(build, rounding);
  }

  read(node: Node): void {
    const meaning = meaningOf(node);
    const constant = node.op === "DequantizeLinear" && !this.#reals.has(node.inputs[0]!);
    if (meaning && !constant) this.#give(node, meaning(this.#contextOf(node)));
    else if (node.inputs.some((input) => this.#reals.has(input))) this.#carry(node);
    else this.#build.graph.nodes.push(node);
  }

  /** Gives an output that is quantised its integers, as float32. */
  finish(output: Value): void {
    const real = this.#reals.get(output);
    if (real) this.#build.alias(this.#quantizer.integers(real), output);
  }

  #give(node: Node, results: readonly (Value | Real)[]): void {
    for (const [i, output] of node.outputs.entries()) {
      const result = results[i];
      if (!output || result === undefined) continue;
      if (typeof result === "string") this.#build.alias(result, output);
      else this.#reals.set(output, result);
    }
  }

  #contextOf(node: Node): MeaningContext {
    const optional = (i: number) => node.inputs[i] || undefined;
    const named = (input: number | Value) => (typeof input === "number" ? optional(input) : input);
    return {
      node,
      build: this.#build,
      quantizer: this.#quantizer,
      rounds: this.#rounding,
      optional,
      scheme: (scale, zero, tensor, axis) =>
        this.#schemeOf(
          node,
          named(scale)!,
          named(zero),
          tensor === undefined ? undefined : optional(tensor),
          axis,
        ),
      real: (i, scheme) => this.#real(node.inputs[i]!, scheme),
      type: (value) => this.#typed(value).type,
      rank: (value) => this.#typed(value).shape.length,
    };
  }

  /** @param tensor whose elements have several scales or zero points, one for each index of `axis` */
  #schemeOf(node: Node, scale: Value, zero: Value | undefined, tensor?: Value, axis = 1): Scheme {
    if (node.attributes.block_size) throw notRead(node, "it has a scale for each block of elements");
    const length = Math.max(this.#count(scale), this.#count(zero));
    if (length === 1) return { scale, zero, attributes: {} };
    if (tensor === undefined) throw notRead(node, "it has several scales where Seawall knows one");
    const rank = this.#typed(tensor).shape.length;
    const at = axis < 0 ? axis + rank : axis;
    return {
      scale: this.#count(scale) === length ? scale : this.#build.expand(scale, [length]),
      zero,
      attributes: { axis: { kind: "int", value: at } },
      spread: Array.from({ length: rank }, (_, i) => (i === at ? length : 1)),
    };
  }

  #count(value: Value | undefined): number {
    return value === undefined ? 1 : sizeOf(this.#types.get(value)?.shape ?? []);
  }

  #typed(value: Value) {
    const typed = this.#types.get(value);
    invariant(typed, `no static type of "${value}"`);
    return typed;
  }

  #real(value: Value, scheme: Scheme): Value {
    const real = this.#reals.get(value);
    if (real) return this.#quantizer.under(real, scheme);
    return this.#quantizer.dequantized(value, this.#typed(value).type, scheme);
  }

  /** A node that is no operator of quantised models, but reads quantised elements. */
  #carry(node: Node): void {
    const real = this.#reals.get(node.inputs.find((input) => this.#reals.has(input))!)!;
    if (node.op === "Cast") {
      this.#give(node, [this.#cast(node, real)]);
      return;
    }
    const isData = node.domain === "" ? carriers.get(node.op) : undefined;
    if (isData === undefined) throw notRead(node, "it reads integers that stand for quantised numbers");
    if (real.scheme.spread) throw notRead(node, "it reads a tensor with several scales");
    const scheme = arithmetic.has(node.op) ? this.#integerScheme() : real.scheme;
    const inputs = node.inputs.map((input, i) => (input && isData(i) ? this.#real(input, scheme) : input));
    if (node.op === "Pad" && !inputs[2]) inputs[2] = this.#zero(real);
    const outputs = this.#build.ops(node.op, inputs, node.outputs.length, node.attributes);
    this.#give(
      node,
      node.outputs.map((output, i) => {
        const carried = output && this.#typed(output).type === real.type;
        return carried ? { value: outputs[i]!, type: real.type, scheme } : outputs[i]!;
      }),
    );
  }

  #cast(node: Node, real: Real): Value | Real {
    const type = dataType(attribute.int(node, "to", 0)) ?? "float32";
    const value = this.#quantizer.integers(real);
    return type === "float32" ? value : { value, type, scheme: this.#integerScheme() };
  }

  /** Integers that stand for themselves. */
  #integerScheme(): Scheme {
    return { scale: this.#build.scalar(1), zero: undefined, attributes: {} };
  }

  /** The real number of the integer 0, with which Pad fills where it is told nothing else. */
  #zero({ type, scheme }: Real): Value {
    invariant(type !== "string", "a quantised string");
    const zero = { type, dims: [], data: new arrayConstructors[type](1) } as Tensor;
    return this.#quantizer.dequantized(this.#build.constant(zero), type, scheme);
  }
}

function notRead(node: Node, reason: string): SeawallError {
  return new SeawallError(
    "unsupported",
    `${describeNode(node)}: the gradient of a quantised model cannot pass it: ${reason}; export the model with another form of quantisation (QDQ)`,
  );
}
