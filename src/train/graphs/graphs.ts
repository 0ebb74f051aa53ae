/** The graphs of training: a step of the attack, the gradient of the parameters, and a prediction. */
import { norms } from "../../attack/index.js";
import { differentiate } from "../../autodiff/index.js";
import { sizeOf } from "../../base/index.js";
import { type BuiltArchitecture, isLearned } from "../../nn/index.js";
import { copyGraph, type Graph, GraphBuilder, simplify, type Value } from "../../onnx/index.js";
import { lower, type TracedGraph, trace } from "../../oracle/index.js";
import { type BatchLoss, meanCrossEntropy } from "./loss.js";

/** A network whose parameters are inputs, with every shape known. */
export interface TrainableNetwork extends TracedGraph {
  /** The names of what an optimizer changes. */
  readonly learned: readonly string[];
  /** In training, by the name of each running statistic, the output with its new value. */
  readonly updates: ReadonlyMap<string, Value>;
}

/** Makes parameters inputs: an initializer is fixed when a session opens, and these change with every step. */
export async function traceNetwork(built: BuiltArchitecture): Promise<TrainableNetwork> {
  const graph = copyGraph(built.graph);
  const read = built.parameters.filter(({ used }) => used);
  for (const { name, shape } of read) graph.inputs.push({ name, type: "float32", shape });
  const learned = read.filter(({ kind }) => isLearned(kind)).map(({ name }) => name);
  return { ...(await trace(graph, {})), learned, updates: built.updates };
}

/** The share of the auxiliary head's loss (paper, App. B.2). */
const auxiliaryWeight = 0.4;

/**
 * One step of PGD on cross-entropy, of a network in inference: `image` (the point), `clean`, `labels`, `radius` and
 * `stepSize` (1×1) and the parameters → `next`, the projected step along the gradient's sign, `loss` at `image`, and
 * over how many pixels, `counted`.
 * @param accumulating adds `grad/NAME`, the gradient of the parameters at `image`, which the published code adds up
 */
export function attackGraph(network: TrainableNetwork, accumulating = false): Graph {
  const { build, labels, shapeOf } = withLabels(network, "attack");
  const { counted, loss, gradient } = meanCrossEntropy(build, "logits", shapeOf("logits"), labels);
  const wrt = ["image", ...(accumulating ? network.learned : [])];
  const seeds = new Map([["logits", gradient]]);
  const gradients = differentiate(build, { seeds, wrt, types: network.types });

  const shape = shapeOf("image");
  const flat = [shape[0]!, sizeOf(shape.slice(1))];
  const clean = build.reshape(build.input("clean", "float32", shape), flat);
  const [radius, stepSize] = ["radius", "stepSize"].map((name) => build.input(name, "float32", [1, 1]));
  const direction = build.op("Sign", [build.reshape(gradients.get("image")!, flat)]);
  const point = build.add(build.reshape("image", flat), build.mul(stepSize!, direction));
  const next = norms.linf.project.write(build, { image: clean, point, radius: radius! });

  build.output(build.reshape(next, shape), "next");
  build.output(loss, "loss");
  build.output(counted, "counted");
  for (const name of wrt.slice(1)) build.output(gradients.get(name)!, `grad/${name}`);
  return lower(simplify(build.graph), network.types);
}

/**
 * Loss and parameter gradient of a network in training: `image`, `labels`, chance and the parameters → `loss` of the
 * logits, `auxiliary` (of the head on inner layers, where there is one), `grad/NAME` of loss + 0.4 · auxiliary, and
 * `next/NAME` of each running statistic.
 */
export function gradientGraph(network: TrainableNetwork): Graph {
  const { build, labels, shapeOf } = withLabels(network, "gradient");
  const main = meanCrossEntropy(build, "logits", shapeOf("logits"), labels);
  const seeds = new Map([["logits", main.gradient]]);
  build.output(main.loss, "loss");
  if (network.types.has("auxiliary")) {
    const inner: BatchLoss = meanCrossEntropy(
      build,
      "auxiliary",
      shapeOf("auxiliary"),
      labels,
      auxiliaryWeight,
    );
    seeds.set("auxiliary", inner.gradient);
    build.output(inner.loss, "auxiliary loss");
  }
  const gradients = differentiate(build, { seeds, wrt: network.learned, types: network.types });
  for (const value of network.updates.values()) build.output(value);
  for (const name of network.learned) build.output(gradients.get(name)!, `grad/${name}`);
  return lower(simplify(build.graph), network.types);
}

/** Prediction of a network in inference: `image` and the parameters → `classes`, N×P. */
export function predictionGraph(network: TrainableNetwork): Graph {
  const { build, shapeOf } = withoutOutputs(network, "predict");
  const [images, classes, height, width] = shapeOf("logits") as [number, number, number, number];
  const logits = build.reshape("logits", [images, classes, height * width]);
  const best = build.op("ArgMax", [logits], { axis: 1, keepdims: 0 });
  build.output(build.cast(best, classes <= 256 ? "uint8" : "int32"), "classes");
  return lower(simplify(build.graph), network.types);
}

function withLabels(network: TrainableNetwork, name: string) {
  const { build, shapeOf } = withoutOutputs(network, name);
  const [images, , ...size] = shapeOf("logits");
  return { build, shapeOf, labels: build.input("labels", "int64", [images!, sizeOf(size)]) };
}

function withoutOutputs({ graph, types }: TrainableNetwork, name: string) {
  const build = new GraphBuilder({ ...copyGraph(graph), name, outputs: [] });
  return { build, shapeOf: (value: Value) => types.get(value)!.shape };
}
