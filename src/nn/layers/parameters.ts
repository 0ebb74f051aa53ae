/** What a network learns and remembers: names, shapes, kinds, and how each begins. */
import { randomStream, sizeOf, type Tensor } from "../../base/index.js";

/**
 * `weight` and `bias` of convolutions and products, `norm` (factor and offset of a normalization), `scale`,
 * `embedding` and `position` (an embedding of one token and of the squares of a grid) are learned; a `statistic`
 * follows the data (running mean and variance of a batch normalization); a `counter` is an integer that files
 * carry and nothing reads.
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

/** How the elements of a parameter begin: all equal, normal around 0, or uniform between −bound and bound. */
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
  /** Whether the graph reads it; an auxiliary head's tensors are in the files but not in an inference graph. */
  readonly used: boolean;
}

export const constant = (value: number): Initial => ({ kind: "constant", value });
export const normal = (deviation: number): Initial => ({ kind: "normal", deviation });
const uniform = (bound: number): Initial => ({ kind: "uniform", bound });

/** What PyTorch gives to weights and biases of which nobody says anything else. */
export const pytorchUniform = (fanIn: number): Initial => uniform(fanIn ** -0.5);

/** Whether an optimizer changes parameters of this kind. */
export function isLearned(kind: ParameterKind): boolean {
  return kind !== "statistic" && kind !== "counter";
}

/** Number of learned numbers, those that the graph does not read included. */
export function countParameters(parameters: readonly ParameterSpec[]): number {
  return parameters.filter(({ kind }) => isLearned(kind)).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** The first value of a parameter: decided by its name and the seed alone, whatever else the network has. */
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

/** A first value for every parameter that the graph reads, by name. */
export function initialWeights(
  parameters: readonly ParameterSpec[],
  seed: number | string,
): Map<string, Tensor> {
  return new Map(parameters.filter(({ used }) => used).map((spec) => [spec.name, initialTensor(spec, seed)]));
}
