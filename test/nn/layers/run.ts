/** Writes a few layers as a graph and runs them in the engine. */
import { float32, randomStream, sizeOf, type Tensor } from "../../../src/base/index.js";
import { Net } from "../../../src/nn/layers/modules.js";
import { initialWeights, type ParameterSpec } from "../../../src/nn/layers/parameters.js";
import type { Activation } from "../../../src/nn/layers/scope.js";
import { emptyGraph, readsOf } from "../../../src/onnx/index.js";
import { evaluate } from "../../helpers/gradients.js";

type Dims = readonly number[];

export interface Layers {
  /** Shapes of the inputs, without the batch axis. */
  readonly inputs: Readonly<Record<string, Dims>>;
  readonly write: (net: Net, inputs: Record<string, Activation>) => Record<string, Activation>;
  readonly batch?: number;
  /** Replaces random values of inputs and parameters. */
  readonly values?: Readonly<Record<string, readonly number[]>>;
}

export interface LayersRun {
  /** Every input, parameter and output, by name. */
  readonly data: Readonly<Record<string, Float32Array>>;
  readonly dims: Readonly<Record<string, Dims>>;
  /** The shapes that the layers declared for their outputs, without the batch axis. */
  readonly declared: Readonly<Record<string, Dims>>;
  readonly parameters: readonly ParameterSpec[];
}

/** Runs layers in inference, with random inputs and parameters unless `values` gives them. */
export async function runLayers({ inputs, write, batch = 2, values = {} }: Layers): Promise<LayersRun> {
  const net = new Net(emptyGraph("layers", 20), { batch, training: false });
  const given = Object.fromEntries(
    Object.entries(inputs).map(([name, dims]) => [name, net.input(name, dims)]),
  );
  const outputs = write(net, given);
  for (const [name, { value }] of Object.entries(outputs)) net.output(value, name);

  const parameters = net.parameters(new Set(net.graph.nodes.flatMap(readsOf)));
  const draw = (name: string, dims: Dims): Tensor =>
    float32(dims, values[name] ?? randomStream("layers", name).uniform(sizeOf(dims), 0.1, 1.1));
  for (const name of initialWeights(parameters, 0).keys()) {
    net.graph.initializers.set(name, draw(name, parameters.find((spec) => spec.name === name)!.shape));
  }
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, dims]) => [name, draw(name, [batch, ...dims])]),
  );
  const tensors = {
    ...feeds,
    ...Object.fromEntries(net.graph.initializers),
    ...(await evaluate(net.graph, feeds)),
  };
  const each = <T>(of: (tensor: Tensor) => T) =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, of(tensor)]));
  return {
    data: each(({ data }) => data as Float32Array),
    dims: each(({ dims }) => dims),
    declared: Object.fromEntries(Object.entries(outputs).map(([name, { dims }]) => [name, dims])),
    parameters,
  };
}

/** The largest difference between two lists of numbers of equal length. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

/** The list [0, 1, …, n − 1]. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

export const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0);
