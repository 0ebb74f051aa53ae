/** Runs one operator case: builds the graph, differentiates it, and compares with finite differences. */
import { expect } from "vitest";
import { type DataType, float32, randomStream, sizeOf, type Tensor } from "../../src/base/index.js";
import { appendGradients, type Target, trace } from "../../src/compile/index.js";
import { type AttributeInput, copyGraph, emptyGraph, GraphBuilder, simplify } from "../../src/onnx/index.js";
import { openSession, type Session } from "../../src/runtime/index.js";

/** Tolerances of the relative error of a slope: `close` for smooth operators, `approximate` for steep ones. */
export const tolerances = { close: 3e-4, approximate: 3e-3 } as const;

/** Every target: the CPU's kernels run the forms of all. */
export const targets = ["cpu", "gpu", "portable"] as const satisfies readonly Target[];

/** An operator, its inputs and attributes. */
export interface OperatorCase {
  readonly op: string;
  /**
   * Inputs in order. A shape stands for a float32 input that is differentiated, drawn from `domain`;
   * a tensor for a constant (an initializer); null for one left out.
   */
  readonly inputs: readonly (readonly number[] | Tensor | null)[];
  /** Positions of the tensors that are fed at run time instead, such as indices that a model computes. */
  readonly fed?: readonly number[];
  readonly attributes?: Readonly<Record<string, AttributeInput>>;
  /** Version of the standard operators; default 18. Give it for an operator that came later. */
  readonly opset?: number;
  /** Number of outputs (1). All float outputs are weighted at random and summed. */
  readonly outputs?: number;
  /** Range that inputs are drawn from; default [-1, 1]. Give the operator's smooth domain. */
  readonly domain?: readonly [number, number];
  /** Ranges of the inputs one by one, where they differ. */
  readonly domains?: readonly (readonly [number, number])[];
  /**
   * Points where the operator has a kink (relu: 0): inputs nearer than `kinkDistance` are moved away.
   */
  readonly kinks?: readonly number[];
  /** All input values are made distinct by this gap at least (max, min, pooling, sorting). */
  readonly distinct?: boolean;
  readonly tolerance?: keyof typeof tolerances;
  readonly name?: string;
}

const kinkDistance = 0.08;
const step = 0.02;

/** Forward and reverse graphs of a case, with the inputs drawn. */
export async function prepare(test: OperatorCase, seed: string | number = 0, target: Target = "cpu") {
  const graph = emptyGraph(test.name ?? test.op, test.opset ?? 18);
  const build = new GraphBuilder(graph);
  const feeds: Record<string, Tensor> = {};
  const inputs = test.inputs.map((input, i) => {
    if (input === null) return "";
    if (!isShape(input) && test.fed?.includes(i)) {
      feeds[`fed${i}`] = input;
      return build.input(`fed${i}`, input.type, input.dims);
    }
    if (!isShape(input)) return build.constant(input, `constant${i}`);
    feeds[`x${i}`] = float32(input, draw(test, i, input, `${seed}/${i}`));
    return build.input(`x${i}`, "float32", input);
  });
  const outputs = build.ops(test.op, inputs, test.outputs ?? 1, test.attributes);
  for (const output of outputs) build.output(output);
  const { graph: traced, types } = await trace(graph, { feeds });

  const weights: Record<string, Tensor> = {};
  const backward = new GraphBuilder(copyGraph(traced));
  const seeds = new Map<string, string>();
  for (const output of outputs.filter((value) => types.get(value)?.type === "float32")) {
    const shape = types.get(output)!.shape;
    weights[`seed/${output}`] = float32(shape, randomStream(seed, output).uniform(sizeOf(shape), -1, 1));
    seeds.set(output, backward.input(`seed/${output}`, "float32", shape));
  }
  const wrt = Object.keys(feeds).filter((name) => name.startsWith("x"));
  const gradients = appendGradients(backward, { seeds, wrt, types }, target);
  for (const [value, gradient] of gradients) backward.output(gradient, `grad/${value}`);
  return { graph: traced, gradient: simplify(backward.graph), types, feeds, weights, wrt };
}

/**
 * Checks the rule of a case along the gradient itself, where a wrong factor shows, and along two random
 * directions, where a missing term does: for each input, and for all inputs at once.
 */
export async function checkRule(
  test: OperatorCase,
  seed: string | number = 0,
  target: Target = "cpu",
): Promise<void> {
  const { graph, gradient, feeds, weights, wrt } = await prepare(test, seed, target);
  const forward = await openSession(graph, { threads: 1 });
  const backward = await openSession(gradient, { threads: 1 });
  try {
    const results = await backward.run({ ...feeds, ...weights });
    for (const input of wrt) {
      expect(results[`grad/${input}`]!.dims, `shape of the gradient of ${input}`).toEqual(feeds[input]!.dims);
    }
    for (const names of [...wrt.map((name) => [name]), ...(wrt.length > 1 ? [wrt] : [])]) {
      for (let k = 0; k < 3; k++) {
        const directions = Object.fromEntries(
          names.map((name) => [name, directionOf(results[`grad/${name}`]!, k, seed, name)]),
        );
        const slope = names.reduce((sum, name) => sum + dot(results[`grad/${name}`]!, directions[name]!), 0);
        const scale = names.reduce((sum, name) => sum + norm(results[`grad/${name}`]!) ** 2, 0) ** 0.5;
        const expected = await richardson(forward, feeds, weights, directions);
        const error = Math.abs(slope - expected) / Math.max(scale, 1e-3);
        expect(
          error,
          `${test.name ?? test.op}: d/d(${names}) is ${slope}, differences give ${expected}`,
        ).toBeLessThan(tolerances[test.tolerance ?? "close"]);
      }
    }
  } finally {
    await forward.dispose();
    await backward.dispose();
  }
}

function directionOf(gradient: Tensor, k: number, seed: string | number, name: string): Float32Array {
  const length = norm(gradient);
  if (k === 0 && length > 0) return (gradient.data as Float32Array).map((slope) => slope / length);
  return randomStream(seed, "direction", name, k).normal(sizeOf(gradient.dims));
}

/** A central difference with its h² error removed: (4·D(h/2) − D(h)) / 3. */
async function richardson(
  forward: Session,
  feeds: Record<string, Tensor>,
  weights: Record<string, Tensor>,
  directions: Record<string, Float32Array>,
): Promise<number> {
  const largest = Object.values(directions)
    .flatMap((direction) => [...direction])
    .reduce((most, element) => Math.max(most, Math.abs(element)), 0);
  const h = step / largest;
  const wide = await central(forward, feeds, weights, directions, h);
  const narrow = await central(forward, feeds, weights, directions, h / 2);
  return (4 * narrow - wide) / 3;
}

async function central(
  forward: Session,
  feeds: Record<string, Tensor>,
  weights: Record<string, Tensor>,
  directions: Record<string, Float32Array>,
  h: number,
): Promise<number> {
  const at = (sign: number) => {
    const moved: Record<string, Tensor> = { ...feeds };
    for (const [name, direction] of Object.entries(directions)) {
      const x = feeds[name]!.data as Float32Array;
      moved[name] = float32(
        feeds[name]!.dims,
        x.map((value, i) => value + sign * h * direction[i]!),
      );
    }
    return moved;
  };
  // The steps that float32 really took, not those asked for.
  const [plus, minus] = [at(1), at(-1)];
  const [up, down] = [await objective(forward, plus, weights), await objective(forward, minus, weights)];
  return (up - down) / (2 * h);
}

async function objective(forward: Session, feeds: Record<string, Tensor>, weights: Record<string, Tensor>) {
  const results = await forward.run(feeds);
  return Object.entries(weights).reduce(
    (sum, [seed, weight]) => sum + dot(results[seed.slice("seed/".length)]!, weight.data as Float32Array),
    0,
  );
}

function isShape(input: readonly number[] | Tensor): input is readonly number[] {
  return Array.isArray(input);
}

function draw(test: OperatorCase, i: number, shape: readonly number[], key: string): Float32Array {
  const [low, high] = test.domains?.[i] ?? test.domain ?? [-1, 1];
  const size = sizeOf(shape);
  const stream = randomStream("case", key);
  const values = test.distinct ? shuffledLadder(size, low, high, stream) : stream.uniform(size, low, high);
  for (const kink of test.kinks ?? []) {
    for (let i = 0; i < size; i++) {
      const distance = values[i]! - kink;
      if (Math.abs(distance) < kinkDistance) values[i] = kink + (distance < 0 ? -kinkDistance : kinkDistance);
    }
  }
  return values;
}

/** Evenly spaced values in random order: no two are nearer than the finite difference moves them. */
function shuffledLadder(size: number, low: number, high: number, stream: { next(): number }): Float32Array {
  const gap = Math.max((high - low) / size, 4 * step);
  const values = Float32Array.from({ length: size }, (_, i) => low + (i + 0.5) * gap);
  for (let i = size - 1; i > 0; i--) {
    const j = Math.floor(stream.next() * (i + 1));
    [values[i], values[j]] = [values[j]!, values[i]!];
  }
  return values;
}

function dot(tensor: Tensor, direction: Float32Array): number {
  return (tensor.data as Float32Array).reduce((sum, value, i) => sum + value * direction[i]!, 0);
}

function norm(tensor: Tensor): number {
  return Math.sqrt(dot(tensor, tensor.data as Float32Array));
}

/** Constants of the element types that attributes-as-inputs need. */
export function ints(values: readonly number[], type: DataType = "int64"): Tensor {
  return { type, dims: [values.length], data: BigInt64Array.from(values, BigInt) };
}
