/** The programs of an evaluation: predicting, losses with the image's gradient, and one step of an attack. */
import { nonDifferentiable, type RuleTable } from "../autodiff/index.js";
import { float32, SeawallError } from "../base/index.js";
import {
  appendLoss,
  appendPrediction,
  appendScore,
  type Loss,
  type LossInputs,
  losses as lossTable,
  type Tracking,
} from "../loss/index.js";
import { describeNode, type GraphBuilder, type Node, reachableFrom, type Value } from "../onnx/index.js";
import { compileProgram, gradientProgram } from "./compile.js";
import type { Target } from "./lower/target.js";
import type { TensorSpec, TensorSpecs } from "./program.js";
import type { TracedGraph } from "./trace.js";

/** A segmentation model in the one form that losses know: image in, logits out, every shape fixed. */
export interface SegmentationModel extends TracedGraph {
  /** Images per run, N. */
  readonly batch: number;
  readonly classes: number;
  /** Channels of the image, C. */
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** The image input: N×C×H×W in [0, 1], RGB for three channels, unless the model's own form was kept. */
  readonly image: Value;
  /** The logits among the outputs: N×K×H×W. */
  readonly logits: Value;
  /** The value from which the gradient goes back: the logits, or what stands for them on a path of its own. */
  readonly differentiated: Value;
  /** Pixels of the whole image, if the model sees a part of it: losses are means over them. Default H·W. */
  readonly imagePixels?: number;
  /** Gradient rules beside Seawall's own, by domain and operator. */
  readonly rules?: RuleTable;
}

interface ProgramOptions {
  readonly target: Target;
  /** One weight per class, for losses that need them. */
  readonly classWeights?: readonly number[];
}

/** Image and labels, as every program over a segmentation model takes them. */
function pixelInputs({ batch, channels, height, width, image }: SegmentationModel) {
  return {
    image: { type: "float32", shape: [batch, channels, height, width], value: image, perImage: true },
    /** N×P with P = H·W; −1 for pixels that count nowhere. */
    labels: { type: "int64", shape: [batch, height * width], perImage: true },
  } as const satisfies TensorSpecs;
}

/** Values of the classes for losses that aim at a whole set, N×K×1 each. */
function setInputs({ batch, classes }: SegmentationModel) {
  const perClass = { type: "float32", shape: [batch, classes, 1], perImage: true } as const;
  return { gain: perClass, price: perClass };
}

/** A number for each pixel, N×1×P. */
function pixelSpec({ batch, height, width }: SegmentationModel) {
  return { type: "float32", shape: [batch, 1, height * width], perImage: true } as const;
}

/** Sizes of a class map: N images of P pixels, and K classes. */
export interface ClassMapSize {
  readonly images: number;
  readonly classes: number;
  readonly pixels: number;
}

/** A class per pixel, N×P; a byte each where that is enough. */
export function classMapSpec({ images, classes, pixels }: ClassMapSize): TensorSpec<"uint8" | "int32"> {
  return { type: classes <= 256 ? "uint8" : "int32", shape: [images, pixels] };
}

/** Appends the class of the largest of the logits, N×K×P, as `classMapSpec` declares it. */
export function appendClassMap(build: GraphBuilder, logits: Value, size: ClassMapSize): Value {
  return build.cast(build.op("ArgMax", [logits], { axis: 1, keepdims: 0 }), classMapSpec(size).type);
}

/**
 * Predicts: `image`, `labels`, `gain`, `price` (N×K×1, for the score of a loss that reads them) → `classes` (N×P),
 * `correct`, `undecided` and `score` (N each), and for a loss that is weighed pixel by pixel its `values` (N×1×P).
 * @param options.scored the loss whose score is written; default: cross-entropy, whose score is the correct pixels
 */
export function predictProgram(
  model: SegmentationModel,
  { target, classWeights, scored = lossTable.ce }: ProgramOptions & { readonly scored?: Loss },
) {
  const { batch } = model;
  const perImage = { type: "float32", shape: [batch] } as const;
  return compileProgram({
    name: "predict",
    target,
    model,
    inputs: { ...pixelInputs(model), ...setInputs(model) },
    outputs: {
      classes: classMapSpec(sizeOf(model)),
      correct: perImage,
      undecided: perImage,
      score: perImage,
      ...(scored.weighed && { values: pixelSpec(model) }),
    },
    write(build, { labels, gain, price }) {
      const inputs = { ...lossInputs(build, model, labels, classWeights), set: { gain, price } };
      const score = appendScore(build, scored, inputs, sizeOf(model));
      return { ...score, ...predictedClasses(build, model, inputs) };
    },
  });
}

/** Appends the predicted classes as `classMapSpec` declares them, and the number of undecided pixels. */
function predictedClasses(build: GraphBuilder, model: SegmentationModel, inputs: LossInputs) {
  const size = sizeOf(model);
  const { classes, undecided } = appendPrediction(build, inputs, size);
  const { type, shape } = classMapSpec(size);
  return { classes: build.cast(build.reshape(classes, shape as number[]), type), undecided };
}

/**
 * Evaluates losses of one family, and predicts: `image`, `labels`, `choice` (N×L, a one-hot row per image), `balance`
 * (N×1×1, λ of `balanced-ce`), `sharpness` (N×1×1, 1/τ), `gain`, `price` (N×K×1), `backward` (one boolean), and if they
 * are weighed pixel by pixel `weights` (N×1×P) → `classes` (N×P), `objective`, `tracked`, `correct`, `undecided`, `score`
 * (N each), if they are weighed `values` (N×1×P), and where `backward` is true the `gradient` of the objective at the
 * image. So one session does both, and a prediction is that of the same rounding as the gradient's.
 * @throws SeawallError `model` if no gradient can reach the image, `unsupported` for an operator without a rule
 */
export function evaluateProgram(
  model: SegmentationModel,
  losses: readonly Loss[],
  { target, classWeights, tracking }: ProgramOptions & { readonly tracking: Tracking },
) {
  checkDifferentiable(model);
  const { batch, channels, height, width } = model;
  const perImage = { type: "float32", shape: [batch] } as const;
  const weighed = losses.some((loss) => loss.weighed);
  return gradientProgram({
    name: "evaluate",
    target,
    model,
    wrt: [model.image],
    ...(model.rules && { rules: model.rules }),
    inputs: {
      ...pixelInputs(model),
      choice: { type: "float32", shape: [batch, losses.length], perImage: true },
      balance: { type: "float32", shape: [batch, 1, 1], perImage: true },
      sharpness: { type: "float32", shape: [batch, 1, 1], perImage: true },
      backward: { type: "bool", shape: [1] },
      ...setInputs(model),
      ...(weighed && { weights: pixelSpec(model) }),
    },
    optional: { output: "gradient", condition: "backward" },
    outputs: {
      classes: classMapSpec(sizeOf(model)),
      ...{ objective: perImage, tracked: perImage, correct: perImage, undecided: perImage, score: perImage },
      ...(weighed && { values: pixelSpec(model) }),
      gradient: { type: "float32", shape: [batch, channels, height, width] },
    },
    losses(build, { labels, choice, balance, sharpness, gain, price, weights }) {
      const set = { gain, price };
      const inputs = { ...lossInputs(build, model, labels, classWeights), balance, sharpness, set };
      const options = { ...sizeOf(model), choice, tracking, ...(weights && { weights }) };
      const loss = appendLoss(build, losses, inputs, options);
      const predicted = predictedClasses(build, model, inputs);
      return { losses: { ...loss, ...predicted }, seeds: logitsSeed(build, model, loss.gradient) };
    },
    write: (_, __, losses, gradients) => ({ ...losses, gradient: gradients.get(model.image)! }),
  });
}

function sizeOf({ batch, classes, height, width, imagePixels }: SegmentationModel) {
  const pixels = height * width;
  return { images: batch, classes, pixels, of: imagePixels ?? pixels };
}

/** Runs a model up to its logits: `image` → `logits` (N×K×H×W). */
export function logitsProgram(model: SegmentationModel, target: Target) {
  const { image } = pixelInputs(model);
  return compileProgram({
    name: "logits",
    target,
    model,
    inputs: { image },
    outputs: { logits: logitsSpec(model) },
    write: () => ({ logits: model.logits }),
  });
}

/**
 * Runs a model forward and backward from a gradient at its logits: `image`, `seed` (N×K×H×W) → `gradient` at the image.
 * @throws SeawallError as `evaluateProgram`
 */
export function backwardProgram(model: SegmentationModel, target: Target) {
  checkDifferentiable(model);
  const { image } = pixelInputs(model);
  return gradientProgram({
    name: "backward",
    target,
    model,
    wrt: [model.image],
    ...(model.rules && { rules: model.rules }),
    inputs: { image, seed: { ...logitsSpec(model), value: "seawall/seed" } },
    outputs: { gradient: { type: "float32", shape: image.shape } },
    losses: (_, { seed }) => ({ losses: {}, seeds: new Map([[model.differentiated, seed]]) }),
    write: (_, __, ___, gradients) => ({ gradient: gradients.get(model.image)! }),
  });
}

function logitsSpec({ batch, classes, height, width }: SegmentationModel) {
  return { type: "float32", shape: [batch, classes, height, width] } as const satisfies TensorSpec;
}

/** The gradient at the logits, N×K×P, as the seed from which a model is differentiated. */
export function logitsSeed(
  build: GraphBuilder,
  { differentiated, types }: SegmentationModel,
  gradient: Value,
) {
  return new Map([[differentiated, build.reshape(gradient, types.get(differentiated)!.shape)]]);
}

function lossInputs(
  build: GraphBuilder,
  { batch, classes, height, width, logits }: SegmentationModel,
  labels: Value,
  weights: readonly number[] | undefined,
): LossInputs {
  return {
    logits: build.reshape(logits, [batch, classes, height * width]),
    labels,
    ...(weights && { classWeights: build.constant(float32([classes], weights), "class weights") }),
  };
}

/**
 * Refuses a model in which every path from the image to the logits leads through an operator without a gradient.
 * @throws SeawallError `model` naming the operators that block the paths
 */
export function checkDifferentiable({ graph, image, differentiated, rules }: SegmentationModel): void {
  const own = rules?.[""] ?? {};
  const blocks = ({ domain, op }: Node) =>
    domain === "" && nonDifferentiable.has(op) && !Object.hasOwn(own, op);
  const open = reachableFrom({ ...graph, nodes: graph.nodes.filter((node) => !blocks(node)) }, [image]);
  if (open.has(differentiated)) return;
  const blocking = graph.nodes.filter((node) => blocks(node) && node.inputs.some((input) => open.has(input)));
  const reason =
    blocking.length > 0
      ? `every way from the image to the logits leads through ${blocking.slice(0, 3).map(describeNode).join(", ")}, whose gradient is zero`
      : "the logits do not depend on the image";
  throw new SeawallError(
    "model",
    `${reason}: gradient attacks cannot move it; export the model without the rounding or cut at this place`,
  );
}

/** A move of the point as a graph fragment: tensors are flattened images, 1×D; scalars are 1×1. */
export interface StepFragment<T extends string = string, S extends string = string> {
  readonly name: string;
  readonly tensors: readonly T[];
  readonly scalars: readonly S[];
  write(build: GraphBuilder, inputs: Readonly<Record<T | S, Value>>): Value;
}

/** One step of an attack: the fragment's tensors and scalars → `next`, 1×D. */
export function stepProgram(step: StepFragment, features: number, target: Target) {
  const spec = (shape: readonly number[]) => ({ type: "float32", shape }) as const;
  const specs = [
    ...step.tensors.map((name) => [name, spec([1, features])] as const),
    ...step.scalars.map((name) => [name, spec([1, 1])] as const),
  ];
  return compileProgram({
    name: step.name,
    target,
    inputs: Object.fromEntries(specs),
    outputs: { next: spec([1, features]) },
    write: (build, inputs) => ({ next: step.write(build, inputs) }),
  });
}
