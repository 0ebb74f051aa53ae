/** Graphs that the oracle runs: a prepared model with counts, or with losses and their image gradient. */

import { differentiate, nonDifferentiable } from "../autodiff/index.js";
import { float32, SeawallError } from "../base/index.js";
import {
  type AppendedLoss,
  appendLoss,
  type Loss,
  type LossInputs,
  losses,
  type Tracking,
} from "../loss/index.js";
import {
  copyGraph,
  describeNode,
  emptyGraph,
  type Graph,
  GraphBuilder,
  type Node,
  reachableFrom,
  simplify,
  type Value,
} from "../onnx/index.js";
import { lower } from "./lower.js";
import type { PreparedModel } from "./open.js";
import type { Step } from "./oracle.js";

/**
 * Graph of `predict`: image, labels (N×P) → classes N×P, correct N, score N.
 * @param scored the loss whose score is written; default pixel accuracy
 */
export function predictGraph(
  model: PreparedModel,
  scored: Loss = losses.ce,
  classWeights?: readonly number[],
): Graph {
  const { build, inputs } = withLabels(model, "predict", classWeights);
  const { correct, score } = appendLoss(build, [scored], inputs, sizeOf(model));
  const classes = build.op("ArgMax", [inputs.logits], { axis: 1, keepdims: 0 });
  build.output(build.cast(classes, model.classes <= 256 ? "uint8" : "int32"), "classes");
  build.output(correct, "correct");
  build.output(score, "score");
  return lower(simplify(build.graph), model.types);
}

/** Graph of `evaluate`: image, labels, choice, balance → objective, tracked, correct, score, gradient. */
export function gradientGraph(
  model: PreparedModel,
  losses: readonly Loss[],
  options: { readonly tracking: Tracking; readonly classWeights?: readonly number[] },
): Graph {
  checkDifferentiable(model);
  const { build, inputs } = withLabels(model, "evaluate", options.classWeights);
  const choice = build.input("choice", "float32", [model.batch, losses.length]);
  const balance = build.input("balance", "float32", [model.batch, 1, 1]);
  const loss = appendLoss(
    build,
    losses,
    { ...inputs, balance },
    { ...sizeOf(model), choice, tracking: options.tracking },
  );
  const gradient = gradientsOf(build, model, [model.image], loss).get(model.image)!;
  for (const name of ["objective", "tracked", "correct", "score"] as const) build.output(loss[name], name);
  build.output(gradient, "gradient");
  return lower(simplify(build.graph), model.types);
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
  const { pixels } = sizeOf(model);
  const inputs: LossInputs = {
    logits: build.reshape(model.logits, [model.batch, model.classes, pixels]),
    labels: build.input("labels", "int64", [model.batch, pixels]),
    ...(classWeights && {
      classWeights: build.constant(float32([model.classes], classWeights), "class weights"),
    }),
  };
  return { build, inputs };
}

function sizeOf({ batch, classes, height, width }: PreparedModel) {
  return { images: batch, classes, pixels: height * width };
}

/**
 * Refuses a model whose every way from the image to the logits leads through an operator without a gradient.
 * @throws SeawallError `model` naming the operators that block the way
 */
export function checkDifferentiable({ graph, image, logits }: PreparedModel): void {
  const blocks = (node: Node) => node.domain === "" && nonDifferentiable.has(node.op);
  const open = reachableFrom({ ...graph, nodes: graph.nodes.filter((node) => !blocks(node)) }, [image]);
  if (open.has(logits)) return;
  const blocking = graph.nodes.filter((node) => blocks(node) && node.inputs.some((input) => open.has(input)));
  const reason =
    blocking.length > 0
      ? `every way from the image to the logits leads through ${blocking.slice(0, 3).map(describeNode).join(", ")}, whose gradient is zero`
      : "the logits do not depend on the image";
  throw new SeawallError(
    "model",
    `${reason}: gradient attacks cannot move it; export the model before it is quantised or cut`,
  );
}

/** Graph of one step: every tensor 1×D, every scalar 1×1. */
export function stepGraph(step: Step, features: number): Graph {
  const graph = emptyGraph(step.name, 18);
  const build = new GraphBuilder(graph);
  const inputs = Object.fromEntries([
    ...step.tensors.map((name) => [name, build.input(name, "float32", [1, features])] as const),
    ...step.scalars.map((name) => [name, build.input(name, "float32", [1, 1])] as const),
  ]);
  build.output(step.write(build, inputs), "next");
  return simplify(graph);
}
