/** Writing nodes: a builder appends them to a graph and gives them unique names. */
import { type DataType, float32, int64, SeawallError, sizeOf, type Tensor } from "../../base/index.js";
import { type AttributeInput, attributesOf } from "./attributes.js";
import { emptyGraph, type Graph, type Value } from "./graph.js";
import { allNamesIn } from "./traverse.js";

/** An operand: a value of the graph, or a number for a float32 scalar constant. */
export type Operand = Value | number;

/** Names of nodes within nodes grow with each level. The end of a scope is what tells one from another. */
const longestScope = 1000;

/** Domain of composite operators, which no engine knows: they stand in a graph until it is lowered to a target. */
export const compositeDomain = "seawall";

/**
 * Appends nodes to a graph. Values and nodes are named `scope/operator`, with a number if the name is taken. The scope
 * is the name of the node that a new one was made for, so that viewers, profiles and errors show it.
 */
export class GraphBuilder {
  readonly graph: Graph;
  #scope = "";
  readonly #taken: Set<string>;
  readonly #constants = new Map<string, Value>();
  /** The number after the last claimed one, by stem and count of names. Names are never given back. */
  readonly #numbers = new Map<string, number>();

  /** @param taken the names in use; builders of nested graphs share it */
  constructor(graph: Graph, taken = allNamesIn(graph)) {
    this.graph = graph;
    this.#taken = taken;
  }

  /** Runs `write` with names prefixed by `scope`. */
  within<T>(scope: string, write: () => T): T {
    const outer = this.#scope;
    this.#scope = (outer ? `${outer}/${scope}` : scope).slice(-longestScope);
    try {
      return write();
    } finally {
      this.#scope = outer;
    }
  }

  /** A builder of a graph that stands inside a node of this one: a branch, or the body of a loop. */
  nested(name: string): GraphBuilder {
    return new GraphBuilder(emptyGraph(name, this.graph.opset), this.#taken);
  }

  /** A name that is not in use in the graph. */
  fresh(base: string): string {
    return this.#claim(base, (name) => [name])[0]!;
  }

  /** Claims the names that `names` gives for the first of `base`, `base_1`, … for which all of them are free. */
  #claim(base: string, names: (name: string) => string[]): string[] {
    const stem = this.#scope ? `${this.#scope}/${base}` : base;
    const numbered = (i: number) => names(i === 0 ? stem : `${stem}_${i}`);
    const key = `${numbered(0).length} ${stem}`;
    let number = this.#numbers.get(key) ?? 0;
    while (numbered(number).some((name) => this.#taken.has(name))) number++;
    this.#numbers.set(key, number + 1);
    const claimed = numbered(number);
    for (const name of claimed) this.#taken.add(name);
    return claimed;
  }

  input(name: string, type: DataType, shape: readonly (number | string)[]): Value {
    this.graph.inputs.push({ name, type, shape });
    this.#taken.add(name);
    return name;
  }

  /** Declares `value` an output. If `name` differs, an Identity node makes the output of that name. */
  output(value: Value, name: string = value): Value {
    if (name !== value) {
      if (this.#taken.has(name))
        throw new SeawallError(
          "model",
          `the graph already has a value named "${name}"; rename it in the model`,
        );
      this.#taken.add(name);
      this.alias(value, name);
    }
    this.graph.outputs.push({ name, type: undefined, shape: undefined });
    return name;
  }

  /** Gives a value a second name, which the graph promises already: an Identity, called `node`. */
  alias(value: Value, name: Value, node = "output"): void {
    this.graph.nodes.push({
      op: "Identity",
      domain: "",
      name: this.fresh(node),
      inputs: [value],
      outputs: [name],
      attributes: {},
    });
  }

  /** Adds a constant. Equal small constants are added once. */
  constant(tensor: Tensor, name = "constant"): Value {
    const key = sizeOf(tensor.dims) <= 64 ? contentKey(tensor) : undefined;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const value = this.fresh(name);
    this.graph.initializers.set(value, tensor);
    if (key !== undefined) this.#constants.set(key, value);
    return value;
  }

  scalar(value: number): Value {
    return this.constant(float32([], [value]));
  }

  ints(values: readonly number[]): Value {
    return this.constant(int64([values.length], values));
  }

  /** Appends a node with one output. */
  op(
    op: string,
    inputs: readonly Operand[],
    attributes: Readonly<Record<string, AttributeInput>> = {},
  ): Value {
    return this.ops(op, inputs, 1, attributes)[0]!;
  }

  /** Appends a composite operator with one output. A compiler replaces it with standard operators. */
  composite(
    op: string,
    inputs: readonly Operand[],
    attributes: Readonly<Record<string, AttributeInput>> = {},
  ): Value {
    return this.ops(op, inputs, 1, attributes, compositeDomain)[0]!;
  }

  /** Appends a node with `outputs` outputs, of the standard operators unless `domain` is given. */
  ops(
    op: string,
    inputs: readonly Operand[],
    outputs: number,
    attributes: Readonly<Record<string, AttributeInput>> = {},
    domain = "",
  ): Value[] {
    const names = inputs.map((input) => (typeof input === "number" ? this.scalar(input) : input));
    const [name, ...made] = this.#claim(op, (free) => [
      free,
      ...Array.from({ length: outputs }, (_, i) => `${free}:${i}`),
    ]);
    this.graph.nodes.push({
      op,
      domain,
      name: name!,
      inputs: names,
      outputs: made,
      attributes: attributesOf(attributes),
    });
    return made;
  }

  add = (a: Operand, b: Operand) => this.op("Add", [a, b]);
  sub = (a: Operand, b: Operand) => this.op("Sub", [a, b]);
  mul = (a: Operand, b: Operand) => this.op("Mul", [a, b]);
  div = (a: Operand, b: Operand) => this.op("Div", [a, b]);
  pow = (a: Operand, b: Operand) => this.op("Pow", [a, b]);
  neg = (a: Value) => this.op("Neg", [a]);
  exp = (a: Value) => this.op("Exp", [a]);
  log = (a: Value) => this.op("Log", [a]);
  sqrt = (a: Value) => this.op("Sqrt", [a]);
  min = (a: Operand, b: Operand) => this.op("Min", [a, b]);
  max = (a: Operand, b: Operand) => this.op("Max", [a, b]);
  matmul = (a: Value, b: Value) => this.op("MatMul", [a, b]);
  where = (condition: Value, yes: Operand, no: Operand) => this.op("Where", [condition, yes, no]);
  cast = (a: Value, type: DataType) => this.op("Cast", [a], { to: elementType(type) });
  reshape = (a: Value, shape: readonly number[]) =>
    this.op("Reshape", [a, this.ints(shape)], { allowzero: 1 });
  expand = (a: Value, shape: readonly number[]) => this.op("Expand", [a, this.ints(shape)]);
  transpose = (a: Value, perm: readonly number[]) => this.op("Transpose", [a], { perm });
  concat = (parts: readonly Value[], axis: number) => this.op("Concat", parts, { axis });

  /** `op` is ReduceSum, ReduceMean, ReduceMax, …. Reduced axes keep length 1 unless `keepdims` is false. */
  reduce(op: string, a: Value, axes: readonly number[], keepdims = true): Value {
    return this.op(op, [a, this.ints(axes)], { keepdims: keepdims ? 1 : 0 });
  }

  /** `a[start:end:step]` along each of `axes`. */
  slice(
    a: Value,
    axes: readonly number[],
    starts: readonly number[],
    ends: readonly number[],
    steps?: readonly number[],
  ): Value {
    const inputs = [a, this.ints(starts), this.ints(ends), this.ints(axes)];
    return this.op("Slice", steps ? [...inputs, this.ints(steps)] : inputs);
  }
}

/** A key that is equal only for equal tensors. It distinguishes −0 from 0, and strings that contain commas. */
function contentKey({ type, dims, data }: Tensor): string {
  const elements = Array.from(data as ArrayLike<number | bigint | string>, (element) =>
    Object.is(element, -0) ? "-0" : typeof element === "string" ? JSON.stringify(element) : String(element),
  );
  return `${type} ${dims.join()} ${elements.join()}`;
}

const elementTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const satisfies Record<DataType, number>;

/** ONNX's number of an element type. */
export function elementType(type: DataType): number {
  return elementTypes[type];
}

/** The element type for ONNX's number; undefined for types that Seawall does not support. */
export function dataType(element: number): DataType | undefined {
  return (Object.keys(elementTypes) as DataType[]).find((type) => elementTypes[type] === element);
}
