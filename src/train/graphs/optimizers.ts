/** Optimizers as graphs over vectors: parameters, gradient and moments in, their next values out. */
import { emptyGraph, type Graph, GraphBuilder, simplify, type Value } from "../../onnx/index.js";

export type OptimizerName = "adamw" | "sgd";

/** Settings that stay the same during a training. */
export interface OptimizerOptions {
  /** SGD: how much of the last move is kept; default 0.9. */
  readonly momentum?: number;
  /** SGD: look ahead by the momentum before moving, as timm's "sgd" does. */
  readonly nesterov?: boolean;
  /** AdamW: decay of the moments; default 0.9, 0.999. */
  readonly betas?: readonly [number, number];
  /** AdamW: added to the root of the second moment; default 1e-8. */
  readonly epsilon?: number;
}

/** Scalar inputs that change from step to step and from group to group. */
export interface StepScalars {
  readonly learningRate: number;
  readonly weightDecay: number;
  /** The gradient is multiplied by it: 1 over the number of accumulated batches, and what clipping leaves. */
  readonly gradientScale: number;
  /** AdamW: 1 − β₁ᵗ and √(1 − β₂ᵗ) with t counted from 1. */
  readonly firstCorrection: number;
  readonly secondCorrection: number;
}

type Scalars = Readonly<Record<keyof StepScalars, Value>>;

export interface Optimizer {
  /** Names of the vectors that are kept beside the parameters; each has their length and begins at 0. */
  readonly moments: readonly string[];
  /** Writes the step; returns the next parameters and the next moments, in their order. */
  write(
    build: GraphBuilder,
    vectors: { readonly parameters: Value; readonly gradient: Value; readonly moments: readonly Value[] },
    scalars: Scalars,
    options: OptimizerOptions,
  ): readonly Value[];
}

/** Decoupled weight decay (Loshchilov and Hutter 2019), step for step as PyTorch's `AdamW`. */
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

/** Momentum, with weight decay as part of the gradient, as PyTorch's `SGD`. */
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

/** `parameters`, `gradient`, the moments (vectors of one length) and the scalars → each under `next/…`. */
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

/** The corrections of AdamW at step t, counted from 1; other optimizers do not read them. */
export function corrections(t: number, [beta1, beta2] = [0.9, 0.999] as readonly [number, number]) {
  return { firstCorrection: 1 - beta1 ** t, secondCorrection: Math.sqrt(1 - beta2 ** t) };
}

/** `gradient` → `norm`, its Euclidean length. */
export function normGraph(): Graph {
  const build = new GraphBuilder(emptyGraph("norm", 18));
  const gradient = build.input("gradient", "float32", ["D"]);
  build.output(build.reduce("ReduceL2", gradient, [0], false), "norm");
  return build.graph;
}

/** `x`, `y` and the scalars `a`, `b` → `next`, a·x + b·y. */
export function combinationGraph(): Graph {
  const build = new GraphBuilder(emptyGraph("combination", 18));
  const [x, y] = ["x", "y"].map((name) => build.input(name, "float32", ["D"]));
  const [a, b] = ["a", "b"].map((name) => build.input(name, "float32", []));
  build.output(build.add(build.mul(a!, x!), build.mul(b!, y!)), "next");
  return build.graph;
}
