/** Optimizers as graphs over vectors. Inputs: parameters, gradient, moments. Outputs: next parameters and moments. */
import { emptyGraph, type Graph, GraphBuilder, simplify, type Value } from "../../onnx/index.js";

export type OptimizerName = "adamw" | "sgd";

/** Settings that are constant during a training. */
export interface OptimizerOptions {
  /** SGD: momentum factor; default 0.9. */
  readonly momentum?: number;
  /** SGD: Nesterov momentum, as in timm's "sgd"; default false. */
  readonly nesterov?: boolean;
  /** AdamW: decay rates β₁, β₂ of the moments; default 0.9, 0.999. */
  readonly betas?: readonly [number, number];
  /** AdamW: ε, added to the square root of the second moment; default 1e-8. */
  readonly epsilon?: number;
}

/** Scalar inputs, which change with the step and the parameter group. */
export interface StepScalars {
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Factor of the gradient: 1 / number of accumulated batches, times the clipping factor. */
  readonly gradientScale: number;
  /** AdamW: 1 − β₁ᵗ, with the step t counted from 1. */
  readonly firstCorrection: number;
  /** AdamW: √(1 − β₂ᵗ). */
  readonly secondCorrection: number;
}

type Scalars = Readonly<Record<keyof StepScalars, Value>>;

export interface Optimizer {
  /** Names of the moments. Each is a vector of the parameters' length and starts at 0. */
  readonly moments: readonly string[];
  /** Writes one step. Returns the next parameters, then the next moments in the order of `moments`. */
  write(
    build: GraphBuilder,
    vectors: { readonly parameters: Value; readonly gradient: Value; readonly moments: readonly Value[] },
    scalars: Scalars,
    options: OptimizerOptions,
  ): readonly Value[];
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019), in the order of operations of PyTorch's `AdamW`. */
const adamw: Optimizer = {
  moments: ["first", "second"],
  write(b, { parameters, gradient, moments }, scalars, { betas = [0.9, 0.999], epsilon = 1e-8 }) {
    const [first, second] = moments as [Value, Value];
    const [beta1, beta2] = betas;
    const { learningRate, weightDecay, firstCorrection, secondCorrection } = scalars;
    const decayed = b.mul(parameters, b.sub(1, b.mul(learningRate, weightDecay)));
    const nextFirst = b.add(b.mul(first, beta1), b.mul(gradient, 1 - beta1));
    const nextSecond = b.add(b.mul(second, beta2), b.mul(b.mul(gradient, gradient), 1 - beta2));
    const deviation = b.add(b.div(b.sqrt(nextSecond), secondCorrection), epsilon);
    const move = b.mul(b.div(learningRate, firstCorrection), b.div(nextFirst, deviation));
    return [b.sub(decayed, move), nextFirst, nextSecond];
  },
};

/** SGD with momentum and weight decay added to the gradient, as PyTorch's `SGD`. */
const sgd: Optimizer = {
  moments: ["velocity"],
  write(b, { parameters, gradient, moments }, scalars, { momentum = 0.9, nesterov = false }) {
    const full = b.add(gradient, b.mul(scalars.weightDecay, parameters));
    const velocity = b.add(b.mul(moments[0]!, momentum), full);
    const move = nesterov ? b.add(full, b.mul(velocity, momentum)) : velocity;
    return [b.sub(parameters, b.mul(scalars.learningRate, move)), velocity];
  },
};

export const optimizers = { adamw, sgd } satisfies Record<OptimizerName, Optimizer>;

const scalarNames = [
  "learningRate",
  "weightDecay",
  "gradientScale",
  "firstCorrection",
  "secondCorrection",
] as const satisfies readonly (keyof StepScalars)[];

/**
 * The graph of one optimizer step.
 * Inputs: `parameters`, `gradient` and the moments, vectors of one length, and the scalars of `StepScalars`.
 * Outputs: `next/parameters` and `next/MOMENT`.
 */
export function updateGraph(name: OptimizerName, options: OptimizerOptions = {}): Graph {
  const build = new GraphBuilder(emptyGraph(name, 18));
  const vector = (title: string) => build.input(title, "float32", ["D"]);
  const { moments, write } = optimizers[name];
  const parameters = vector("parameters");
  const scalars = Object.fromEntries(
    scalarNames.map((title) => [title, build.input(title, "float32", [])]),
  ) as unknown as Scalars;
  const gradient = build.mul(vector("gradient"), scalars.gradientScale);
  const held = { parameters, gradient, moments: moments.map(vector) };
  const next = write(build, held, scalars, options);
  for (const [i, title] of ["parameters", ...moments].entries()) build.output(next[i]!, `next/${title}`);
  return simplify(build.graph);
}

/** AdamW's bias corrections at step t, counted from 1. Other optimizers ignore them. */
export function corrections(t: number, [beta1, beta2] = [0.9, 0.999] as readonly [number, number]) {
  return { firstCorrection: 1 - beta1 ** t, secondCorrection: Math.sqrt(1 - beta2 ** t) };
}

/** The graph of the Euclidean norm: `gradient`, a vector → `norm`, a scalar. */
export function normGraph(): Graph {
  const build = new GraphBuilder(emptyGraph("norm", 18));
  const gradient = build.input("gradient", "float32", ["D"]);
  build.output(build.reduce("ReduceL2", gradient, [0], false), "norm");
  return build.graph;
}

/** The graph of a linear combination: vectors `x`, `y` and scalars `a`, `b` → `next` = a·x + b·y. */
export function combinationGraph(): Graph {
  const build = new GraphBuilder(emptyGraph("combination", 18));
  const [x, y] = ["x", "y"].map((name) => build.input(name, "float32", ["D"]));
  const [a, b] = ["a", "b"].map((name) => build.input(name, "float32", []));
  build.output(build.add(build.mul(a!, x!), build.mul(b!, y!)), "next");
  return build.graph;
}
