/** Graphs that the oracle runs: a prepared model with counts, or with losses and their image gradient. */

import { differentiate } from "../autodiff/index.js";
import { float32, SeawallError } from "../base/index.js";
import {
  type AppendedLoss,
  appendLoss,
  type LossInputs,
  type LossName,
  type Tracking,
} from "../loss/index.js";
import { copyGraph, type Graph, GraphBuilder, reachableFrom, simplify, type Value } from "../onnx/index.js";
import type { PreparedModel } from "./open.js";
import type { Step } from "./oracle.js";

/** Names of what the oracle's graphs take besides the image. */
export const names = { labels: "labels", choice: "choice", balance: "balance" } as const;

/** Graph of `predict`: image, labels (N×P) → classes N×P, correct N, balanced N (right pixels weighted by class). */
export function predictGraph(model: PreparedModel, classWeights?: readonly number[]): Graph {
  const { build, inputs, pixels } = withLabels(model, "predict", classWeights);
  const loss = classWeights ? "class-balanced-ce" : "ce";
  const { correct, score } = appendLoss(build, [loss], inputs, { pixels });
  const classes = build.op("ArgMax", [inputs.logits], { axis: 1, keepdims: 0 });
  build.output(build.cast(classes, model.classes <= 256 ? "uint8" : "int32"), "classes");
  build.output(correct, "correct");
  build.output(score, "balanced");
  return simplify(build.graph);
}

/** Graph of `evaluate`: image, labels, choice, balance → objective, tracked, correct, score, gradient. */
export function gradientGraph(
  model: PreparedModel,
  losses: readonly LossName[],
  options: { readonly tracking: Tracking; readonly classWeights?: readonly number[] },
): Graph {
  checkDifferentiable(model);
  const { build, inputs, pixels } = withLabels(model, "evaluate", options.classWeights);
  const choice = build.input(names.choice, "float32", [model.batch, losses.length]);
  const balance = build.input(names.balance, "float32", [model.batch, 1, 1]);
  const loss = appendLoss(
    build,
    losses,
    { ...inputs, balance },
    { pixels, choice, tracking: options.tracking },
  );
  const gradient = gradientsOf(build, model, [model.image], loss).get(model.image)!;
  for (const name of ["objective", "tracked", "correct", "score"] as const) build.output(loss[name], name);
  build.output(gradient, "gradient");
  return simplify(build.graph);
}

/** Differentiates the model from the logits' gradient back to `wrt`. */
export function gradientsOf(
  build: GraphBuilder,
  model: PreparedModel,
  wrt: readonly Value[],
  loss: Pick<AppendedLoss, "gradient">,
): Map<Value, Value> {
  const seed = build.reshape(loss.gradient, model.types.get(model.logits)!.shape);
  return differentiate(build, { seeds: new Map([[model.logits, seed]]), wrt, types: model.types });
}

function withLabels(model: PreparedModel, name: string, classWeights?: readonly number[]) {
  const graph = { ...copyGraph(model.graph), name, outputs: [] };
  const build = new GraphBuilder(graph);
  const pixels = model.height * model.width;
  const inputs: LossInputs = {
    logits: build.reshape(model.logits, [model.batch, model.classes, pixels]),
    labels: build.input(names.labels, "int64", [model.batch, pixels]),
    ...(classWeights && {
      classWeights: build.constant(float32([model.classes], classWeights), "class weights"),
    }),
  };
  return { build, inputs, pixels };
}

/** @throws SeawallError `unsupported` if no element of the logits depends on the image */
export function checkDifferentiable(model: PreparedModel): void {
  if (reachableFrom(model.graph, [model.image]).has(model.logits)) return;
  throw new SeawallError(
    "model",
    "the logits do not depend on the image: the model returns the same for every image",
  );
}

/** Graph of one step: every tensor N×D, every scalar N×1. */
export function stepGraph(step: Step, batch: number, features: number): Graph {
  const graph: Graph = {
    name: step.name,
    opset: 18,
    domains: new Map(),
    inputs: [],
    outputs: [],
    initializers: new Map(),
    nodes: [],
  };
  const build = new GraphBuilder(graph);
  const inputs = Object.fromEntries([
    ...step.tensors.map((name) => [name, build.input(name, "float32", [batch, features])] as const),
    ...step.scalars.map((name) => [name, build.input(name, "float32", [batch, 1])] as const),
  ]);
  build.output(step.write(build, inputs), "next");
  return simplify(graph);
}
