/** Parameters of a network: names, shapes, kinds and initial values. */
import { randomStream, sizeOf, type Tensor } from "../../base/index.js";

/**
 * Learned: `weight` and `bias` of convolutions and linear layers, `norm` (factor and offset of a normalization),
 * `scale`, `embedding`, and `position` (an embedding of a class token and the cells of a grid).
 * Not learned: `statistic`, the running mean or variance of a batch normalization; `counter`, an integer that
 * checkpoints contain and nothing reads.
 */
export type ParameterKind =
  | "weight"
  | "bias"
  | "norm"
  | "scale"
  | "embedding"
  | "position"
  | "statistic"
  | "counter";

/** The distribution of initial values: constant, normal with mean 0, or uniform in [−bound, bound). */
export type Initial =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly deviation: number }
  | { readonly kind: "uniform"; readonly bound: number };

/** A tensor of the state dictionary. */
export interface ParameterSpec {
  /** The key in a checkpoint, and the name of the initializer in the graph. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly kind: ParameterKind;
  readonly initial: Initial;
  /** Whether the graph reads it. An inference graph does not read an auxiliary head's tensors, for example. */
  readonly used: boolean;
}

export const constant = (value: number): Initial => ({ kind: "constant", value });
export const normal = (deviation: number): Initial => ({ kind: "normal", deviation });
const uniform = (bound: number): Initial => ({ kind: "uniform", bound });

/** PyTorch's default for weights and biases of convolutions and linear layers. */
export const pytorchUniform = (fanIn: number): Initial => uniform(fanIn ** -0.5);

/** Whether an optimizer changes parameters of this kind. */
export function isLearned(kind: ParameterKind): boolean {
  return kind !== "statistic" && kind !== "counter";
}

/** The number of learned values, including those that the graph does not read. */
export function countParameters(parameters: readonly ParameterSpec[]): number {
  return parameters.filter(({ kind }) => isLearned(kind)).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** The initial value of a parameter. It depends on the parameter's name and the seed alone, not on other parameters. */
export function initialTensor({ name, shape, kind, initial }: ParameterSpec, seed: number | string): Tensor {
  const size = sizeOf(shape);
  if (kind === "counter") return { type: "int64", dims: shape, data: new BigInt64Array(size) };
  return { type: "float32", dims: shape, data: draw(initial, size, seed, name) };
}

function draw(initial: Initial, size: number, seed: number | string, name: string): Float32Array {
  if (initial.kind === "constant") return new Float32Array(size).fill(initial.value);
  const stream = randomStream("initialize", seed, name);
  if (initial.kind === "uniform") return stream.uniform(size, -initial.bound, initial.bound);
  const numbers = stream.normal(size);
  for (let i = 0; i < size; i++) numbers[i]! *= initial.deviation;
  return numbers;
}

/** The initial value of every parameter that the graph reads, by name. */
export function initialWeights(
  parameters: readonly ParameterSpec[],
  seed: number | string,
): Map<string, Tensor> {
  return new Map(parameters.filter(({ used }) => used).map((spec) => [spec.name, initialTensor(spec, seed)]));
}
