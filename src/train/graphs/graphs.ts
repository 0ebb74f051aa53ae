/** The graphs of training: attack step, parameter gradient, and prediction. */
import { norms } from "../../attack/index.js";
import { sizeOf } from "../../base/index.js";
import {
  appendClassMap,
  classMapSpec,
  compileProgram,
  gradientProgram,
  type Program,
  type ProgramSession,
  type Target,
  type TensorSpec,
  type TensorSpecs,
  type TracedGraph,
  trace,
} from "../../compile/index.js";
import type { Components } from "../../components/index.js";
import type { Loss } from "../../loss/index.js";
import { type BuiltArchitecture, isLearned } from "../../nn/index.js";
import { copyGraph, type Value } from "../../onnx/index.js";
import { meanLoss } from "./loss.js";

/** A network whose parameters are graph inputs, with all shapes known. */
export interface TrainableNetwork extends TracedGraph {
  /** Names of the parameters that the optimizer updates. */
  readonly learned: readonly string[];
  /** Name of each running statistic → the output with its new value; empty in inference. */
  readonly updates: ReadonlyMap<string, Value>;
  /** Gradient rules beside Seawall's own. */
  readonly rules: Components["rules"];
}

/** Makes parameters graph inputs, since they change with every step and initializers are fixed when a session opens. */
export async function traceNetwork(
  built: BuiltArchitecture,
  rules: Components["rules"] = {},
): Promise<TrainableNetwork> {
  const graph = copyGraph(built.graph);
  const read = built.parameters.filter(({ used }) => used);
  for (const { name, shape } of read) graph.inputs.push({ name, type: "float32", shape });
  const learned = read.filter(({ kind }) => isLearned(kind)).map(({ name }) => name);
  return { ...(await trace(graph)), learned, updates: built.updates, rules };
}

/** Weight of the auxiliary head's loss (paper, App. B.2). */
const auxiliaryWeight = 0.4;

/** Inputs of a batch: images, and one label per pixel, N×P; −1 for ignored pixels. */
function batchInputs({ types }: TrainableNetwork) {
  const [images, , ...size] = types.get("logits")!.shape;
  return {
    image: { type: "float32", shape: types.get("image")!.shape, perImage: true },
    labels: { type: "int64", shape: [images!, sizeOf(size)], perImage: true },
  } as const satisfies TensorSpecs;
}

const scalar = { type: "float32", shape: [] } as const;

/**
 * One step of PGD on a loss, for a network in inference.
 * Inputs: `image` (the perturbed images), `clean`, `labels`, `radius` and `stepSize` (1×1, for pixels in [0, 1]), and
 * `balance` (1×1×1), which losses may read.
 * Outputs: `next`, the projected step along the gradient's sign; `loss`, that of `loss` at `image`; `counted`, the number
 * of pixels in the loss's mean.
 * @param climbed the loss whose gradient is followed
 * @param accumulating adds the results `grad/NAME`: the gradient of the parameters at `image`, which the published code
 * accumulates
 */
export function attackProgram(
  network: TrainableNetwork,
  loss: Loss,
  target: Target,
  accumulating = false,
  climbed = loss,
) {
  const { types, learned } = network;
  const shape = types.get("image")!.shape;
  const flat = [shape[0]!, sizeOf(shape.slice(1))];
  const one = { type: "float32", shape: [1, 1] } as const;
  const parameters = accumulating ? learned : [];
  return gradientProgram({
    name: "attack",
    target,
    model: network,
    rules: network.rules,
    wrt: ["image", ...parameters],
    inputs: {
      ...batchInputs(network),
      clean: { type: "float32", shape, perImage: true },
      radius: one,
      stepSize: one,
      balance: { type: "float32", shape: [1, 1, 1] },
    },
    outputs: { next: { type: "float32", shape, perImage: true }, loss: scalar, counted: scalar },
    results: gradientSpecs(network, parameters),
    losses(build, { labels, balance }) {
      const { shape } = types.get("logits")!;
      const followed = meanLoss(build, climbed, "logits", shape, labels, 1, balance);
      const losses = climbed === loss ? followed : meanLoss(build, loss, "logits", shape, labels);
      return { losses, seeds: new Map([["logits", followed.gradient]]) };
    },
    write(build, { image, clean, radius, stepSize }, losses, gradients) {
      const center = build.reshape(clean, flat);
      const direction = build.op("Sign", [build.reshape(gradients.get("image")!, flat)]);
      const point = build.add(build.reshape(image, flat), build.mul(stepSize, direction));
      const next = norms.linf.project.write(build, { image: center, point, radius });
      return {
        ...namedGradients(gradients, parameters),
        next: build.reshape(next, shape),
        loss: losses.loss,
        counted: losses.counted,
      };
    },
  });
}

/**
 * Loss and parameter gradient of a network in training.
 * Inputs: `image`, `labels`. Output: `loss` of the logits.
 * Results: `grad/NAME`, the gradient of loss + 0.4 · auxiliary loss; `next/NAME` for each running statistic;
 * `auxiliary loss` if the network has an auxiliary head.
 * @param replaying adds the result `grad/image`, of the same backward pass
 */
export function trainingProgram(network: TrainableNetwork, loss: Loss, target: Target, replaying = false) {
  const { types, learned, updates } = network;
  const wrt = replaying ? [...learned, "image"] : learned;
  const auxiliary = types.get("auxiliary")?.shape;
  return gradientProgram({
    name: "gradient",
    target,
    model: network,
    rules: network.rules,
    wrt,
    inputs: batchInputs(network),
    outputs: { loss: scalar },
    results: {
      ...(auxiliary && { "auxiliary loss": scalar }),
      ...Object.fromEntries([...updates.values()].map((value) => [value, specOf(network, value)])),
      ...gradientSpecs(network, wrt),
    },
    losses(build, { labels }) {
      const main = meanLoss(build, loss, "logits", types.get("logits")!.shape, labels);
      const inner = auxiliary && meanLoss(build, loss, "auxiliary", auxiliary, labels, auxiliaryWeight);
      const seeds = new Map([["logits", main.gradient]]);
      if (inner) seeds.set("auxiliary", inner.gradient);
      return { losses: { main: main.loss, inner: inner?.loss }, seeds };
    },
    write: (_, __, { main, inner }, gradients) => ({
      ...Object.fromEntries([...updates.values()].map((value) => [value, value])),
      ...namedGradients(gradients, wrt),
      ...(inner !== undefined && { "auxiliary loss": inner }),
      loss: main,
    }),
  });
}

/** Prediction of a network in inference: `image` → `classes`, N×P, uint8 for up to 256 classes, else int32. */
export function predictionProgram(network: TrainableNetwork, target: Target) {
  const [images, classes, height, width] = network.types.get("logits")!.shape as [
    number,
    number,
    number,
    number,
  ];
  const size = { images, classes, pixels: height * width };
  const { image } = batchInputs(network);
  return compileProgram({
    name: "predict",
    target,
    model: network,
    inputs: { image },
    outputs: { classes: { ...classMapSpec(size), perImage: true } },
    write(build) {
      const logits = build.reshape("logits", [images, classes, size.pixels]);
      return { classes: appendClassMap(build, logits, size) };
    },
  });
}

export type AttackProgram = ReturnType<typeof attackProgram>;
export type TrainingProgram = ReturnType<typeof trainingProgram>;
export type PredictionProgram = ReturnType<typeof predictionProgram>;

/** The session type of a program. */
export type SessionOf<P> = P extends Program<infer I, infer O> ? ProgramSession<I, O> : never;

function specOf({ types }: TrainableNetwork, value: Value): TensorSpec<"float32"> {
  return { type: "float32", shape: types.get(value)!.shape };
}

function gradientSpecs(network: TrainableNetwork, parameters: readonly Value[]): TensorSpecs {
  return Object.fromEntries(parameters.map((name) => [`grad/${name}`, specOf(network, name)]));
}

function namedGradients(gradients: ReadonlyMap<Value, Value>, parameters: readonly Value[]) {
  return Object.fromEntries(parameters.map((name) => [`grad/${name}`, gradients.get(name)!]));
}
