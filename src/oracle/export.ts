/** A model with its gradient, as one graph of standard operators that any ONNX runtime can run. */

import { differentiate } from "../autodiff/index.js";
import { int64, invariant, SeawallError } from "../base/index.js";
import { appendLoss, losses } from "../loss/index.js";
import { copyGraph, type Graph, GraphBuilder, neededFor, simplify, type Value } from "../onnx/index.js";
import { type GradientCheck, largestGradientError } from "./check.js";
import { checkDifferentiable, gradientsOf } from "./compile.js";
import { checkExport } from "./export-check.js";
import type { ExportOptions, Written } from "./exported.js";
import { listInputs } from "./input.js";
import { type PreparedModel, prepareModel } from "./open.js";
import { trace } from "./trace.js";

export interface ExportedGradient {
  readonly graph: Graph;
  readonly notices: readonly string[];
  readonly check?: GradientCheck;
}

/**
 * Writes the gradient graph of a model.
 * @throws SeawallError `model`, `usage` or `unsupported` with what is wrong and what to do
 */
export async function exportGradient(graph: Graph, options: ExportOptions): Promise<ExportedGradient> {
  const exported =
    options.loss === "ce"
      ? await exportLoss(freeNames(graph, ["labels", "logits", "loss", "grad"]), options)
      : await exportProduct(freeNames(graph, ["output_grad", "grad"]), options);
  if (options.check === false) return { graph: exported.graph, notices: exported.notices };
  const check = await checkExport(exported, options);
  if (!(check.error <= largestGradientError)) {
    throw new SeawallError(
      "model",
      `the gradient's slope differs from finite differences by ${(100 * check.error).toPrecision(2)} %: the model is not smooth there, or a rule is wrong; --no-check writes it all the same`,
    );
  }
  return { graph: exported.graph, notices: exported.notices, check };
}

/**
 * Frees names that the exported graph promises: values of the model that bear one get another. Inputs and outputs
 * keep theirs.
 */
function freeNames(graph: Graph, names: readonly string[]): Graph {
  const fixed = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
  const renamed = (value: Value) => (names.includes(value) && !fixed.has(value) ? `model/${value}` : value);
  return {
    ...graph,
    initializers: new Map([...graph.initializers].map(([name, tensor]) => [renamed(name), tensor])),
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(renamed),
      outputs: node.outputs.map(renamed),
    })),
  };
}

async function exportLoss(graph: Graph, options: ExportOptions): Promise<Written> {
  const { inputShape, output, ignoreLabel = -1 } = options;
  const size = sizeFrom(graph, inputShape);
  const variables = options.params ? trainable(graph) : new Set<Value>();
  const model = await prepareModel(graph, {
    ...size,
    keepInput: true,
    variables,
    ...(output !== undefined && { output }),
  });
  checkDifferentiable(model);
  const { batch, height, width, classes } = model;
  const build = new GraphBuilder({ ...copyGraph(model.graph), outputs: [] });
  const pixels = height * width;
  const given = build.input("labels", "int64", [batch, height, width]);
  const labels = build.within("labels", () =>
    normalLabels(build, build.reshape(given, [batch, pixels]), ignoreLabel),
  );
  const logits = build.reshape(model.logits, [batch, classes, pixels]);
  const { objective, gradient } = appendLoss(build, [losses.ce], { logits, labels }, { pixels, classes });
  // From the mean over all pixels to the mean over those that count.
  const share = build.within("loss", () => shareOfCounted(build, labels));
  const seed = build.div(gradient, build.reshape(share, [batch, 1, 1]));
  const gradients = gradientsOf(build, model, [model.image, ...variables], { gradient: seed });
  build.output(model.logits, "logits");
  build.output(build.div(objective, share), "loss");
  outputGradients(build, gradients, [model.image], variables);
  const shapes = {
    logits: [batch, classes, height, width],
    loss: [batch],
    ...gradientShapes(model.types, [model.image], variables),
  };
  return {
    graph: withOutputShapes(simplify(build.graph), shapes),
    notices: model.notices,
    input: model.image,
    inputShape: model.types.get(model.image)!.shape,
    classes,
    seedShape: [batch, height, width],
  };
}

/** The ignore label becomes −1, which is what the losses know. */
function normalLabels(build: GraphBuilder, labels: Value, ignoreLabel: number): Value {
  if (ignoreLabel === -1) return labels;
  const constant = (value: number) => build.constant(int64([], [value]));
  return build.where(build.op("Equal", [labels, constant(ignoreLabel)]), constant(-1), labels);
}

/** The share of pixels that count, N; at least one pixel, so that an image without any has loss 0. */
function shareOfCounted(build: GraphBuilder, labels: Value): Value {
  const zero = build.constant(int64([], [0]));
  const counts = build.cast(build.op("GreaterOrEqual", [labels, zero]), "float32");
  return build.max(build.reduce("ReduceMean", counts, [1], false), 1e-9);
}

async function exportProduct(graph: Graph, options: ExportOptions): Promise<Written> {
  const wrt =
    options.wrt ?? graph.inputs.filter((input) => input.type === "float32").map((input) => input.name);
  const unknown = wrt.find(
    (name) => !graph.inputs.some((input) => input.name === name && input.type === "float32"),
  );
  if (unknown !== undefined || wrt.length === 0) {
    throw new SeawallError(
      "usage",
      `--wrt ${unknown ?? ""}: not a float input of the model; its inputs are ${listInputs(graph)}`,
    );
  }
  const variables = options.params ? trainable(graph) : new Set<Value>();
  const shapes = options.inputShape ? { [wrt[0]!]: options.inputShape } : {};
  const { graph: traced, types } = await trace(graph, shapes, {}, variables);
  const output = chosenOutput(traced, options.output);
  const typed = types.get(output);
  invariant(typed, `output "${output}" has no type`);
  const kept = traced.outputs.filter(({ name }) => name === output);
  const build = new GraphBuilder({ ...copyGraph(traced), outputs: kept });
  const seed = build.input("output_grad", "float32", typed.shape);
  const gradients = differentiate(build, {
    seeds: new Map([[output, seed]]),
    wrt: [...wrt, ...variables],
    types,
  });
  outputGradients(build, gradients, wrt, variables);
  const outputShapes = { [output]: typed.shape, ...gradientShapes(types, wrt, variables) };
  return {
    graph: withOutputShapes(simplify(build.graph), outputShapes),
    notices: [],
    input: wrt[0]!,
    inputShape: types.get(wrt[0]!)!.shape,
    classes: 0,
    seedShape: typed.shape,
  };
}

function chosenOutput(graph: Graph, wanted: string | undefined): Value {
  const outputs = graph.outputs.map((output) => output.name);
  if (wanted !== undefined && outputs.includes(wanted)) return wanted;
  if (wanted === undefined && outputs.length === 1) return outputs[0]!;
  throw new SeawallError(
    "usage",
    `choose one of the model's outputs with --output: ${outputs.map((name) => `"${name}"`).join(", ")}`,
  );
}

type Shapes = Readonly<Record<string, readonly number[]>>;

/** `grad` for the only input, `grad/NAME` for one of several and for a weight. */
function gradientName(value: Value, inputs: readonly Value[]): string {
  return inputs.length === 1 && value === inputs[0] ? "grad" : `grad/${value}`;
}

/** Shapes of the gradients by the names of their outputs. */
function gradientShapes(
  types: PreparedModel["types"],
  inputs: readonly Value[],
  variables: ReadonlySet<Value>,
): Shapes {
  const values = [...inputs, ...variables];
  return Object.fromEntries(values.map((value) => [gradientName(value, inputs), types.get(value)!.shape]));
}

/** Declares type and shape of every output, as the standard asks of a model. */
function withOutputShapes(graph: Graph, shapes: Shapes): Graph {
  const outputs = graph.outputs.map(({ name }) => ({ name, type: "float32" as const, shape: shapes[name] }));
  return { ...graph, outputs };
}

function outputGradients(
  build: GraphBuilder,
  gradients: ReadonlyMap<Value, Value>,
  inputs: readonly Value[],
  variables: ReadonlySet<Value>,
): void {
  for (const value of [...inputs, ...variables])
    build.output(gradients.get(value)!, gradientName(value, inputs));
}

/** The input of an operator from which on they hold settings or running statistics rather than weights. */
const firstSetting = new Map([
  ["BatchNormalization", 3],
  ["Clip", 1],
  ["Pad", 1],
  ["Resize", 1],
]);

/** Float initializers of at least one dimension that the outputs depend on and that training would change. */
function trainable(graph: Graph): Set<Value> {
  const needed = neededFor(
    graph,
    graph.outputs.map((output) => output.name),
  );
  const excluded = new Set(
    graph.nodes.flatMap((node) => node.inputs.slice(firstSetting.get(node.op) ?? node.inputs.length)),
  );
  const names = [...graph.initializers].filter(
    ([name, { type, dims }]) =>
      type === "float32" && dims.length > 0 && needed.has(name) && !excluded.has(name),
  );
  return new Set(names.map(([name]) => name));
}

/** Height and width from a shape given in the model's own layout. */
function sizeFrom(graph: Graph, shape: readonly number[] | undefined) {
  if (!shape) return {};
  if (shape.length !== 4)
    throw new SeawallError(
      "usage",
      `--input-shape ${shape.join("x")}: four dimensions are needed, as in 1x3x360x480`,
    );
  const nhwc = shape[3] === 3 && graph.inputs[0]?.shape?.[1] !== 3;
  const [height, width] = nhwc ? [shape[1]!, shape[2]!] : [shape[2]!, shape[3]!];
  return { batch: shape[0]!, size: { height, width } };
}
