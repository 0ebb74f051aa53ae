/** A model with its gradient, as one graph of standard operators that any ONNX runtime can run. */

import { int64, invariant, SeawallError } from "../base/index.js";
import {
  checkDifferentiable,
  gradientProgram,
  logitsSeed,
  type Program,
  type TensorSpecs,
  trace,
} from "../compile/index.js";
import { appendLoss, losses } from "../loss/index.js";
import { type Graph, type GraphBuilder, neededFor, type Value } from "../onnx/index.js";
import { type GradientCheck, largestGradientError } from "./check.js";
import { checkExport } from "./export-check.js";
import type { ExportOptions, Written } from "./exported.js";
import { listInputs } from "./input.js";
import { type PreparedModel, prepareModel } from "./open.js";

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
  const pixels = height * width;
  const wrt = [model.image, ...variables];
  const program = gradientProgram({
    name: graph.name,
    target: "portable",
    model,
    wrt,
    inputs: { labels: { type: "int64", shape: [batch, height, width] } },
    outputs: {
      logits: { type: "float32", shape: [batch, classes, height, width] },
      loss: { type: "float32", shape: [batch] },
    },
    results: gradientSpecs(model.types, [model.image], variables),
    losses(build, given) {
      const labels = build.within("labels", () =>
        normalLabels(build, build.reshape(given.labels, [batch, pixels]), ignoreLabel),
      );
      const logits = build.reshape(model.logits, [batch, classes, pixels]);
      const { objective, gradient } = appendLoss(build, [losses.ce], { logits, labels }, { pixels, classes });
      // From the mean over all pixels to the mean over those that count.
      const share = build.within("loss", () => shareOfCounted(build, labels));
      const seed = build.div(gradient, build.reshape(share, [batch, 1, 1]));
      return { losses: { objective, share }, seeds: logitsSeed(build, model, seed) };
    },
    write: (build, _, { objective, share }, gradients) => ({
      ...namedGradients(gradients, [model.image], variables),
      logits: model.logits,
      loss: build.div(objective, share),
    }),
  });
  return {
    graph: withDeclaredOutputs(program),
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
  const program = gradientProgram({
    name: traced.name,
    target: "portable",
    model: { graph: traced, types },
    wrt: [...wrt, ...variables],
    inputs: { output_grad: { type: "float32", shape: typed.shape } },
    outputs: {},
    results: {
      [output]: { type: "float32", shape: typed.shape },
      ...gradientSpecs(types, wrt, variables),
    },
    losses: (_, { output_grad }) => ({ losses: undefined, seeds: new Map([[output, output_grad]]) }),
    write: (_, __, ___, gradients) => ({
      [output]: output,
      ...namedGradients(gradients, wrt, variables),
    }),
  });
  return {
    graph: withDeclaredOutputs(program),
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

/** `grad` for the only input, `grad/NAME` for one of several and for a weight. */
function gradientName(value: Value, inputs: readonly Value[]): string {
  return inputs.length === 1 && value === inputs[0] ? "grad" : `grad/${value}`;
}

/** Types and shapes of the gradients by the names of their outputs. */
function gradientSpecs(
  types: PreparedModel["types"],
  inputs: readonly Value[],
  variables: ReadonlySet<Value>,
): TensorSpecs {
  const values = [...inputs, ...variables];
  return Object.fromEntries(
    values.map((value) => [
      gradientName(value, inputs),
      { type: "float32", shape: types.get(value)!.shape } as const,
    ]),
  );
}

/** Gradients by the names of their outputs. */
function namedGradients(
  gradients: ReadonlyMap<Value, Value>,
  inputs: readonly Value[],
  variables: ReadonlySet<Value>,
): Record<string, Value> {
  const values = [...inputs, ...variables];
  return Object.fromEntries(values.map((value) => [gradientName(value, inputs), gradients.get(value)!]));
}

/** Declares type and shape of every output in the graph, as the standard asks of a model. */
function withDeclaredOutputs({ graph, signature }: Program): Graph {
  const specs = { ...signature.outputs, ...signature.results };
  return { ...graph, outputs: graph.outputs.map(({ name }) => ({ name, ...specs[name]! })) };
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
