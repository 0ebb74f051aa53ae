/** A model with its gradient, as one graph of standard operators that any ONNX runtime can run. */

import { int64, invariant, placed, SeawallError } from "../base/index.js";
import {
  checkDifferentiable,
  gradientProgram,
  logitsSeed,
  type Program,
  type TensorSpecs,
  type TracedGraph,
  trace,
} from "../compile/index.js";
import { appendLoss, losses, validPixels } from "../loss/index.js";
import {
  type Graph,
  type GraphBuilder,
  neededFor,
  renamedNode,
  type Value,
  type ValueInfo,
} from "../onnx/index.js";
import { describeCheck, type GradientCheck, type GradientVerdict } from "./check.js";
import { checkExport } from "./export-check.js";
import type { ExportOptions, Written } from "./exported.js";
import { findImage, listInputs } from "./input.js";
import { jumpOf } from "./jumps.js";
import { inFloat32, type PreparedModel, prepareModel } from "./open.js";
import { storesIntegers, straightPath, unfoldedIfQuantized } from "./straight.js";

export interface ExportedGradient {
  readonly graph: Graph;
  readonly notices: readonly string[];
  readonly check?: GradientCheck;
}

/** Why a file is not written after a check with this verdict. */
const refusals: Readonly<Partial<Record<GradientVerdict, string>>> = {
  differs: "The model is not smooth at the tested image, or a gradient rule is wrong",
  zero: "The output does not depend on the input, or only through operators without a gradient (rounding, comparisons, ArgMax): choose an earlier output with --output",
  "not finite":
    "The model overflows or divides by zero at the tested image: check --input-range, --mean and --std",
};

/**
 * Writes the gradient graph of a model.
 * @throws SeawallError `model`, `usage` or `unsupported` with what is wrong and what to do
 */
export async function exportGradient(graph: Graph, options: ExportOptions): Promise<ExportedGradient> {
  try {
    return await checkedExport(graph, options);
  } catch (error) {
    throw placed(error, graph.file);
  }
}

async function checkedExport(graph: Graph, options: ExportOptions): Promise<ExportedGradient> {
  const exported = await writeExport(graph, options);
  if (options.check === false) return { graph: exported.graph, notices: exported.notices };
  const check = await checkExport(exported, options);
  const refused = refusals[check.verdict];
  if (refused) {
    const found = `the gradient: ${describeCheck(check)}`;
    throw new SeawallError("model", `${found}. ${refused}; --no-check writes the file all the same`);
  }
  return { graph: exported.graph, notices: exported.notices, check };
}

function writeExport(graph: Graph, options: ExportOptions): Promise<Written> {
  if (options.loss === "none") {
    const floats = inFloat32(graph);
    const kept = [...graph.inputs, ...graph.outputs];
    return exportProduct(
      freeNames(floats.graph, ["output_grad", "grad"], kept).graph,
      floats.notices,
      options,
    );
  }
  // The model's own outputs are not part of the written file, so their names may be taken too.
  const { graph: free, notices } = freeNames(graph, ["labels", "logits", "loss", "grad"], graph.inputs);
  return exportLoss(free, notices, options);
}

/**
 * Renames values of the model that bear a name which the written file promises for something else.
 * @param kept inputs and outputs of the file, which keep their names
 */
function freeNames(
  graph: Graph,
  names: readonly string[],
  kept: readonly ValueInfo[],
): { graph: Graph; notices: readonly string[] } {
  const fixed = new Set(kept.map(({ name }) => name));
  const renamed = (value: Value) => (names.includes(value) && !fixed.has(value) ? `model/${value}` : value);
  const outputs = graph.outputs.map((output) => ({ ...output, name: renamed(output.name) }));
  return {
    graph: {
      ...graph,
      outputs,
      initializers: new Map([...graph.initializers].map(([name, tensor]) => [renamed(name), tensor])),
      // Names of nodes and of values are kept apart from one another, too.
      nodes: graph.nodes.map((node) => ({ ...renamedNode(node, renamed), name: renamed(node.name) })),
    },
    notices: graph.outputs.flatMap(({ name }, i) =>
      name === outputs[i]!.name
        ? []
        : [`the model's own output "${name}" is called "${outputs[i]!.name}" in the written file`],
    ),
  };
}

async function exportLoss(
  graph: Graph,
  renamings: readonly string[],
  options: ExportOptions,
): Promise<Written> {
  const { inputShape, ignoreLabel = -1 } = options;
  const output = options.output && outputNamed(graph, options.output);
  const size = sizeFrom(graph, inputShape);
  const variables = options.params ? trainable(graph) : new Set<Value>();
  const model = await prepareModel(graph, {
    ...size,
    keepInput: true,
    variables,
    ...(output !== undefined && { output }),
  });
  checkDifferentiable(model);
  const write = (model: PreparedModel) => lossGraph(graph.name, model, variables, ignoreLabel);
  const { batch, height, width, classes, smooth } = model;
  return {
    graph: write(model),
    notices: [...model.notices, ...renamings],
    input: model.image,
    jump: jumpOf(model.graph, model.image),
    inputShape: model.types.get(model.image)!.shape,
    classes,
    seedShape: [batch, height, width],
    ...(smooth && { smooth: async () => write(await smooth()) }),
  };
}

function lossGraph(
  name: string,
  model: PreparedModel,
  variables: ReadonlySet<Value>,
  ignoreLabel: number,
): Graph {
  const { batch, height, width, classes } = model;
  const pixels = height * width;
  const wrt = [model.image, ...variables];
  const program = gradientProgram({
    name,
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
  return withDeclaredOutputs(program);
}

/** The present name of an output that the user calls by the name in the file. */
function outputNamed({ outputs }: Graph, name: string): string {
  const renamed = `model/${name}`;
  return outputs.some((output) => output.name === renamed) ? renamed : name;
}

/** The ignore label becomes −1, which is what the losses know. */
function normalLabels(build: GraphBuilder, labels: Value, ignoreLabel: number): Value {
  if (ignoreLabel === -1) return labels;
  const constant = (value: number) => build.constant(int64([], [value]));
  return build.where(build.op("Equal", [labels, constant(ignoreLabel)]), constant(-1), labels);
}

/** The share of pixels that count, N; at least one pixel, so that an image without any has loss 0. */
function shareOfCounted(build: GraphBuilder, labels: Value): Value {
  return build.max(build.reduce("ReduceMean", validPixels(build, labels), [1], false), 1e-9);
}

async function exportProduct(
  graph: Graph,
  notices: readonly string[],
  options: ExportOptions,
): Promise<Written> {
  const wrt =
    options.wrt ?? graph.inputs.filter((input) => input.type === "float32").map((input) => input.name);
  const unknown = wrt.find(
    (name) => !graph.inputs.some((input) => input.name === name && input.type === "float32"),
  );
  if (unknown !== undefined) {
    throw new SeawallError(
      "usage",
      `--wrt ${unknown}: not a float input of the model; its inputs are ${listInputs(graph)}`,
    );
  }
  if (wrt.length === 0) {
    throw new SeawallError(
      "model",
      `the model has no float input to differentiate, its inputs are ${listInputs(graph)}; --loss ce differentiates a uint8 image as floats`,
    );
  }
  const variables = options.params ? trainable(graph) : new Set<Value>();
  const shapes = options.inputShape ? { [wrt[0]!]: options.inputShape } : {};
  const first = await trace(graph, { shapes, variables, unfolded: unfoldedIfQuantized });
  const output = chosenOutput(first.graph, options.output);
  const typed = first.types.get(output);
  invariant(typed, `output "${output}" has no type`);
  if (typed.type !== "float32") {
    throw new SeawallError(
      "model",
      `output "${output}" is ${typed.type} and has no gradient: choose a float output with --output, or let --loss ce find the logits behind it`,
    );
  }
  const outputs = first.graph.outputs.filter(({ name }) => name === output);
  const path = await straightPath({ ...first.graph, outputs }, wrt, variables);
  const folded = storesIntegers(first.graph) ? await trace(first.graph, { variables }) : first;
  const write = (model: TracedGraph, end = output) => productGraph(model, output, end, wrt, variables);
  return {
    graph: path ? write(path.traced, path.counterpart(output)) : write(folded),
    notices: path ? [...notices, path.notice] : notices,
    input: wrt[0]!,
    jump: jumpOf(folded.graph, wrt[0]!),
    inputShape: first.types.get(wrt[0]!)!.shape,
    classes: 0,
    seedShape: typed.shape,
    ...(path && { smooth: async () => write(await path.smooth()) }),
  };
}

/** @param end the value from which the gradient goes back: the output, or what stands for it on a path of its own */
function productGraph(
  { graph, types }: TracedGraph,
  output: Value,
  end: Value,
  wrt: readonly Value[],
  variables: ReadonlySet<Value>,
): Graph {
  const spec = { type: "float32", shape: types.get(output)!.shape } as const;
  const program = gradientProgram({
    name: graph.name,
    target: "portable",
    model: { graph, types },
    wrt: [...wrt, ...variables],
    inputs: { output_grad: spec },
    outputs: {},
    results: { [output]: spec, ...gradientSpecs(types, wrt, variables) },
    losses: (_, { output_grad }) => ({ losses: undefined, seeds: new Map([[end, output_grad]]) }),
    write: (_, __, ___, gradients) => ({
      [output]: output,
      ...namedGradients(gradients, wrt, variables),
    }),
  });
  return withDeclaredOutputs(program);
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
  const { layout } = findImage(graph);
  const [height, width] = layout === "nhwc" ? [shape[1]!, shape[2]!] : [shape[2]!, shape[3]!];
  return { batch: shape[0]!, size: { height, width } };
}
