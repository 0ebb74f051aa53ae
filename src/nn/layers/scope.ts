/** Bookkeeping while an architecture is written: names, parameters, random inputs, statistics, and cost. */
import { invariant, sizeOf } from "../../base/index.js";
import { type AttributeInput, type Graph, GraphBuilder, type Operand, type Value } from "../../onnx/index.js";
import { constant, type Initial, normal, type ParameterKind, type ParameterSpec } from "./parameters.js";

/** A value of the network, and its shape without the batch axis: [channels, height, width] or [tokens, width]. */
export interface Activation {
  readonly value: Value;
  readonly dims: readonly number[];
}

/** An input for the random factors of dropout: each element is 1/keep with probability `keep`, else 0. */
export interface NoiseInput {
  readonly name: Value;
  readonly shape: readonly (number | string)[];
  readonly keep: number;
}

/** Initial distributions of weights and biases, from the number of inputs and outputs of their layer. */
export interface InitialStyle {
  weight(fanIn: number, fanOut: number): Initial;
  bias(fanIn: number): Initial;
}

export interface ScopeOptions {
  /** Images per run: a number, or the name of a symbolic dimension. */
  readonly batch: number | string;
  /** Whether to write batch statistics, dropout and stochastic depth. */
  readonly training: boolean;
}

/** The base of `Net`, without any layer. */
export class Scope {
  readonly batch: number | string;
  readonly training: boolean;
  readonly noise: NoiseInput[] = [];
  /** The new value of each running statistic after a training step, by the statistic's name. */
  readonly updates = new Map<string, Value>();
  readonly graph: Graph;
  protected readonly build: GraphBuilder;
  readonly #parameters = new Map<string, ParameterSpec>();
  readonly #costs: { readonly value: Value; readonly multiplyAdds: number }[] = [];
  #path = "";
  #style: InitialStyle = { weight: () => normal(0.02), bias: () => constant(0) };

  constructor(graph: Graph, options: ScopeOptions) {
    this.graph = graph;
    this.build = new GraphBuilder(graph);
    this.batch = options.batch;
    this.training = options.training;
  }

  /** Runs `write` with `name` added to the prefix of parameters' and nodes' names. */
  within<T>(name: string, write: () => T): T {
    const outer = this.#path;
    this.#path = this.#key(name);
    try {
      return write();
    } finally {
      this.#path = outer;
    }
  }

  /** Runs `write` with another initial distribution of weights and biases than the default, N(0, 0.02) and 0. */
  beginning<T>(style: Partial<InitialStyle>, write: () => T): T {
    const outer = this.#style;
    this.#style = { ...outer, ...style };
    try {
      return write();
    } finally {
      this.#style = outer;
    }
  }

  /** Runs `write` if `wanted`. Otherwise only declares its parameters, and takes back everything else it wrote. */
  optional<T>(wanted: boolean, write: () => T): T | undefined {
    if (wanted) return write();
    const { nodes, inputs } = this.graph;
    const before = [nodes, inputs, this.noise].map((list) => [list, list.length] as const);
    const updates = [...this.updates];
    write();
    for (const [list, length] of before) list.length = length;
    this.updates.clear();
    for (const [name, value] of updates) this.updates.set(name, value);
    return undefined;
  }

  /** Declares a parameter and returns its value in the graph. */
  parameter(name: string, shape: readonly number[], kind: ParameterKind, initial: Initial): Value {
    const key = this.#key(name);
    invariant(!this.#parameters.has(key), `parameter ${key} is declared twice`);
    this.#parameters.set(key, { name: key, shape, kind, initial, used: false });
    return key;
  }

  /** Declares a weight [outputs, inputs, kernel…]. */
  weight(name: string, shape: readonly number[]): Value {
    const receptive = sizeOf(shape.slice(2));
    const initial = this.#style.weight(shape[1]! * receptive, shape[0]! * receptive);
    return this.parameter(name, shape, "weight", initial);
  }

  bias(name: string, length: number, fanIn: number): Value {
    return this.parameter(name, [length], "bias", this.#style.bias(fanIn));
  }

  /** The parameters, with `used` set for those in `read`. */
  parameters(read: ReadonlySet<Value>): ParameterSpec[] {
    return [...this.#parameters.values()].map((spec) => ({ ...spec, used: read.has(spec.name) }));
  }

  /** Multiply-adds per image of the matrix products and convolutions whose result is in `made`. */
  multiplyAdds(made: ReadonlySet<Value>): number {
    return this.#costs.reduce((sum, cost) => sum + (made.has(cost.value) ? cost.multiplyAdds : 0), 0);
  }

  input(name: Value, dims: readonly number[]): Activation {
    return { value: this.build.input(name, "float32", [this.batch, ...dims]), dims };
  }

  output(value: Value, name: Value): Value {
    return this.build.output(value, name);
  }

  /** Appends a node whose name has the current prefix. */
  protected op(
    op: string,
    inputs: readonly Operand[],
    attributes: Readonly<Record<string, AttributeInput>> = {},
  ): Value {
    return this.build.within(this.#path, () => this.build.op(op, inputs, attributes));
  }

  protected ops(
    op: string,
    inputs: readonly Operand[],
    outputs: number,
    attributes: Readonly<Record<string, AttributeInput>> = {},
  ): Value[] {
    return this.build.within(this.#path, () => this.build.ops(op, inputs, outputs, attributes));
  }

  protected spend(value: Value, multiplyAdds: number): Value {
    this.#costs.push({ value, multiplyAdds });
    return value;
  }

  /** Adds an input for random factors (see `NoiseInput`), under the current prefix. */
  protected noiseInput(name: string, dims: readonly number[], keep: number): Value {
    const shape = [this.batch, ...dims];
    const value = this.build.input(this.#key(name), "float32", shape);
    this.noise.push({ name: value, shape, keep });
    return value;
  }

  /** Declares `value` the new value of the statistic `name` of the current scope. */
  protected update(name: string, value: Value): void {
    this.updates.set(this.#key(name), value);
  }

  /** `name` with the current prefix. */
  #key(name: string): string {
    return this.#path ? `${this.#path}.${name}` : name;
  }
}
