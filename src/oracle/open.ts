/** Opening a model: image and logits found, shapes bound, constants folded. */
import type { RuleTable } from "../autodiff/index.js";
import { placed, SeawallError } from "../base/index.js";
import { type SegmentationModel, type TracedGraph, trace } from "../compile/index.js";
import {
  copyGraph,
  foldBatchNorm,
  type Graph,
  GraphBuilder,
  type Value,
  widenFloats,
} from "../onnx/index.js";
import {
  findImage,
  type ImageInput,
  type ImageLayout,
  imageName,
  normalizeInput,
  type Preprocessing,
  withFloatImage,
} from "./input.js";
import { findLogits, normalizeLogits } from "./logits.js";
import { appendScores, findQueryOutputs, logitsOfScores } from "./queries.js";
import { type StraightPath, storesIntegers, straightPath, unfoldedIfQuantized } from "./straight.js";

export interface OpenModelOptions extends Preprocessing {
  /** Height and width to run at, where the model leaves them open. */
  readonly size?: { readonly height: number; readonly width: number };
  /** Images per run; default 1. */
  readonly batch?: number;
  readonly output?: string;
  readonly inputLayout?: ImageLayout;
  readonly outputLayout?: ImageLayout;
  /** The number of classes that the labels have; checked against the logits. */
  readonly classes?: number;
  /** Keep the model's own input instead of giving it the common form. */
  readonly keepInput?: boolean;
  /** Initializers whose gradients will be wanted: they are kept as they are in the file. */
  readonly variables?: ReadonlySet<Value>;
  /** Gradient rules of the caller's own, by domain and operator. */
  readonly rules?: RuleTable;
  /** Called before anything of a network is run; throws to refuse it. */
  readonly beforeOpening?: (file: Graph, options: OpenModelOptions) => Promise<void>;
}

/** A user's model in the form that losses and attacks know. */
export interface PreparedModel extends SegmentationModel {
  /** For a quantised model, the one on real numbers that are clipped and not rounded, whose gradient can be checked. */
  readonly smooth?: () => Promise<PreparedModel>;
  /** The decisions made while opening, one sentence each. */
  readonly notices: readonly string[];
  /**
   * The scores N×K×H×W of a query-based model, whose logarithm the logits are: what its windows average; and the value from
   * which their gradient goes back.
   */
  readonly scores?: { readonly value: Value; readonly differentiated: Value };
}

/**
 * Brings a model into the form N×C×H×W in, N×K×H×W logits out.
 * @throws SeawallError `model`, `usage` or `unsupported` with what is wrong and what to do
 */
export async function prepareModel(file: Graph, options: OpenModelOptions = {}): Promise<PreparedModel> {
  try {
    await options.beforeOpening?.(file, options);
    return await prepare(file, options);
  } catch (error) {
    throw placed(error, file.file);
  }
}

async function prepare(file: Graph, options: OpenModelOptions): Promise<PreparedModel> {
  const floats = inFloat32(file);
  const image = findImage(floats.graph, options.inputLayout);
  const { graph, preprocessing, notices } = withFloatImage(floats.graph, image);
  const { height, width } = sizeOf(image, options);
  const batch = options.batch ?? image.batch ?? 1;
  const { channels } = image;
  const shape = [batch, channels, height, width];
  const name = options.keepInput ? image.info.name : imageName;
  const own = { [name]: image.layout === "nchw" ? shape : [batch, height, width, channels] };
  const bound = options.keepInput
    ? graph
    : normalizeInput(graph, image, shape, { ...preprocessing, ...options });
  const { variables } = options;
  const shapes = options.keepInput ? own : {};
  const traced = await trace(bound, { shapes, variables, unfolded: unfoldedIfQuantized }).catch((error) => {
    throw batchIsFixed(error, image, batch);
  });
  const cut = { ...copyGraph(traced.graph), outputs: [] };
  const build = new GraphBuilder(cut);
  const logits = appendLogits(build, traced, options, image.layout, { height, width });
  build.output(logits.value);
  if (logits.scores !== undefined) build.output(logits.scores);
  const { smooth, counterpart, ...final } = await finish(cut, name, options);
  const model = {
    batch,
    classes: logits.classes,
    channels,
    height,
    width,
    image: name,
    logits: logits.value,
    ...(options.rules && { rules: options.rules }),
    notices: [...floats.notices, ...notices, inputNotice(image, shape), ...logits.notices, ...final.notices],
  };
  const endsOn = (path: (value: Value) => Value) => ({
    differentiated: path(logits.value),
    ...(logits.scores !== undefined && {
      scores: { value: logits.scores, differentiated: path(logits.scores) },
    }),
  });
  return {
    ...model,
    ...final.traced,
    ...endsOn(counterpart),
    ...(smooth && { smooth: async () => ({ ...model, ...(await smooth()), ...endsOn(itself) }) }),
  };
}

const itself = (value: Value) => value;

interface Finished {
  readonly traced: TracedGraph;
  /** The value from which the gradient goes back, in the place of one of the outputs. */
  readonly counterpart: (output: Value) => Value;
  readonly notices: readonly string[];
  readonly smooth?: StraightPath["smooth"];
}

/** Folds constants: all of them, but for the weights of a quantised model, which gets a path for its gradient. */
async function finish(
  cut: Graph,
  image: Value,
  { keepInput, variables }: OpenModelOptions,
): Promise<Finished> {
  const path = await straightPath(cut, [image], variables);
  if (path) {
    const { traced, counterpart, notice, smooth } = path;
    return { traced, counterpart, notices: [notice], smooth };
  }
  const graph = storesIntegers(cut) ? (await trace(cut, { variables })).graph : cut;
  // A graph that is exported keeps the file's weights: folded ones are rounded once more.
  const traced = await trace(keepInput ? graph : foldBatchNorm(graph), { variables });
  return { traced, counterpart: itself, notices: [] };
}

/** Appends logits N×K×H×W: those behind the output, or the semantic map of a query-based model. */
function appendLogits(
  build: GraphBuilder,
  { graph, types }: TracedGraph,
  options: OpenModelOptions,
  imageLayout: ImageLayout,
  size: { readonly height: number; readonly width: number },
): { value: Value; scores?: Value; classes: number; notices: readonly string[] } {
  const queries = options.output === undefined ? findQueryOutputs(graph, types) : undefined;
  if (queries) {
    checkClasses(queries.count, options);
    const scores = appendScores(build, queries, types, size);
    return {
      value: logitsOfScores(build, scores),
      scores,
      classes: queries.count,
      notices: [
        `outputs "${queries.classes}" and "${queries.masks}" are those of a query-based model: its logits are the logarithm of the semantic map Σ softmax(class) · sigmoid(mask) of ${queries.count} classes, the last class ("nothing") left out`,
      ],
    };
  }
  const found = findLogits(graph, types, logitsOptions(options, imageLayout, size.height, size.width));
  checkClasses(found.classes, options);
  const { value, notices } = normalizeLogits(build, found, size);
  return { value, classes: found.classes, notices: [...found.notices, ...notices] };
}

/** Gradients are computed in float32, whatever the weights are stored in. */
export function inFloat32(file: Graph): { graph: Graph; notices: string[] } {
  const { graph, from } = widenFloats(file);
  return {
    graph,
    notices: from.length > 0 ? [`${from.join(" and ")} of the file are computed in float32`] : [],
  };
}

/** The error of a model that fails at a batch size other than the one it was exported for. */
function batchIsFixed(error: unknown, { batch, info }: ImageInput, wanted: number): unknown {
  if (batch === undefined || batch === wanted || !(error instanceof SeawallError)) return error;
  return new SeawallError(
    "model",
    `image input "${info.name}" is fixed at ${batch} images and the model does not run with ${wanted}; export it with a batch size of ${wanted} or an open one`,
    { cause: error },
  );
}

function logitsOptions(options: OpenModelOptions, imageLayout: ImageLayout, height: number, width: number) {
  return {
    imageLayout,
    height,
    width,
    ...(options.output !== undefined && { output: options.output }),
    ...(options.outputLayout !== undefined && { layout: options.outputLayout }),
    ...(options.classes !== undefined && { classes: options.classes }),
  };
}

function sizeOf(image: ImageInput, options: OpenModelOptions): { height: number; width: number } {
  const height = image.size.height ?? options.size?.height;
  const width = image.size.width ?? options.size?.width;
  if (height === undefined || width === undefined) {
    throw new SeawallError(
      "usage",
      `image input "${image.info.name}" leaves its size open; give one with --crop HxW or --input-shape`,
    );
  }
  return { height, width };
}

function checkClasses(found: number, { classes }: OpenModelOptions): void {
  if (classes !== undefined && classes !== found) {
    throw new SeawallError(
      "config",
      `the model has ${found} classes, the labels ${classes}; give the model's number with --classes, or another --output`,
    );
  }
}

function inputNotice(image: ImageInput, shape: readonly number[]): string {
  return `image input "${image.info.name}", layout ${image.layout}, run at ${shape.join("×")}`;
}
