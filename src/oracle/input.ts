/** The image input: found among the graph's inputs, and given the one form that attacks know. */
import { type DataType, float32, placed, plural, SeawallError } from "../base/index.js";
import {
  copyGraph,
  emptyGraph,
  type Graph,
  GraphBuilder,
  readsQuantized,
  renamedNode,
  type Value,
  type ValueInfo,
} from "../onnx/index.js";

export type ImageLayout = "nchw" | "nhwc";

/** The form in which the model takes its pixels. Seawall itself always holds N×C×H×W in [0, 1]; C = 3 is RGB. */
export interface Preprocessing {
  /** The values of black and white in the model's input; default [0, 1]. */
  readonly inputRange?: readonly [number, number];
  /** Subtracted per channel, in the order of Seawall's own channels, after scaling to `inputRange`. */
  readonly mean?: readonly number[];
  /** Divided by per channel, after subtracting `mean`. */
  readonly std?: readonly number[];
  /** The model wants blue first; for three channels only. */
  readonly bgr?: boolean;
}

export interface ImageInput {
  readonly info: ValueInfo;
  readonly layout: ImageLayout;
  /** Number of channels, C; 3 where the model leaves it open. */
  readonly channels: number;
  /** Height and width if the model fixes them. */
  readonly size: { readonly height: number | undefined; readonly width: number | undefined };
  /** The batch size if the model fixes it. */
  readonly batch: number | undefined;
}

/** The name of the image in a prepared graph. */
export const imageName = "seawall/image";

/**
 * Finds the one image input of four dimensions.
 * @throws SeawallError `model` if there is none, or more than one, or if the channels cannot be told from the sides
 */
export function findImage(graph: Graph, layout?: ImageLayout): ImageInput {
  try {
    return onlyImage(graph, layout);
  } catch (error) {
    throw placed(error, graph.file);
  }
}

/** Whether the model runs at one size of images only. */
export function hasFixedSize(graph: Graph, layout?: ImageLayout): boolean {
  const { height, width } = findImage(graph, layout).size;
  return height !== undefined && width !== undefined;
}

function onlyImage(graph: Graph, layout: ImageLayout | undefined): ImageInput {
  const images = graph.inputs.filter((input) => input.shape?.length === 4 || input.shape === undefined);
  if (images.length !== 1) {
    const what = images.length === 0 ? "no image input" : `${images.length} image inputs`;
    throw new SeawallError(
      "model",
      `${what} among ${listInputs(graph)}; Seawall attacks models with one float input N×C×H×W or N×H×W×C: export the model with the others fixed inside`,
    );
  }
  const others = graph.inputs.filter((input) => input !== images[0]);
  if (others.length > 0) {
    throw new SeawallError(
      "model",
      `input "${others[0]!.name}" is no image and Seawall cannot know its value; export the model with it fixed inside (inputs: ${listInputs(graph)})`,
    );
  }
  const image = describeImage(images[0]!, layout);
  refuseSides(image);
  return image;
}

function refuseSides({ info, size: { height, width } }: ImageInput): void {
  const wrong = [height, width].find(
    (side) => side !== undefined && !(side >= 1 && Number.isSafeInteger(side)),
  );
  if (wrong === undefined) return;
  throw new SeawallError(
    "model",
    `image input "${info.name}" is fixed at ${wrong} pixels, expected a positive whole number; export the model with the size of your images, or an open one`,
  );
}

/** Element types of image inputs that can be attacked; all are attacked as float32. */
const imageTypes: ReadonlySet<DataType> = new Set(["float32", "float16", "float64", "bfloat16", "uint8"]);

/** The values of black and white in the model's input where the settings say none. */
export function usualRange({ info }: ImageInput): readonly [number, number] {
  return info.type === "uint8" ? [0, 255] : [0, 1];
}

/**
 * A graph whose bytes of an image are floats from 0 to 255: what reads them, a Cast as a rule, reads floats; in a quantised
 * model, whose operators read integers, they are rounded first. Returned as it is where the input holds floats already.
 */
export function withFloatImage(
  graph: Graph,
  image: ImageInput,
): { graph: Graph; preprocessing: Preprocessing; notices: readonly string[] } {
  const { info } = image;
  if (info.type !== "uint8") return { graph, preprocessing: {}, notices: [] };
  const inputs = graph.inputs.map((input) =>
    input.name === info.name ? { ...input, type: "float32" as const } : input,
  );
  const preprocessing: Preprocessing = { inputRange: usualRange(image) };
  if (readsIntegers(graph, info.name)) {
    return {
      graph: withRoundedInput({ ...graph, inputs }, info.name),
      preprocessing,
      notices: [
        `image input "${info.name}" is uint8 and read as integers: it is attacked as floats from 0 to 255, which are rounded to 8 bits before the model sees them`,
      ],
    };
  }
  return {
    graph: { ...graph, inputs },
    preprocessing,
    notices: [
      `image input "${info.name}" is uint8: it is attacked as floats from 0 to 255, before the model's own conversion. The model itself sees images rounded to 8 bits: the soundness line "rounding" says what is left of the attack then`,
    ],
  };
}

/** Whether an operator of quantised models reads the value, before a Cast makes other numbers of it. */
function readsIntegers(graph: Graph, name: Value): boolean {
  const integers = new Set([name]);
  for (const node of graph.nodes) {
    if (!node.inputs.some((input) => integers.has(input))) continue;
    if (readsQuantized(node)) return true;
    if (node.op !== "Cast") for (const output of node.outputs) integers.add(output);
  }
  return false;
}

/** The graph with its float image rounded to bytes. */
function withRoundedInput(graph: Graph, name: Value): Graph {
  const rounded = copyGraph(graph);
  const build = new GraphBuilder(rounded);
  const zero = build.constant({ type: "uint8", dims: [], data: new Uint8Array(1) });
  const bytes = build.op("QuantizeLinear", [name, build.scalar(1), zero]);
  const quantizer = rounded.nodes.pop()!;
  const readers = rounded.nodes.map((node) => renamedNode(node, (value) => (value === name ? bytes : value)));
  return { ...rounded, nodes: [quantizer, ...readers] };
}

function describeImage(info: ValueInfo, wanted?: ImageLayout): ImageInput {
  if (info.type === undefined || !imageTypes.has(info.type)) {
    throw new SeawallError(
      "model",
      `image input "${info.name}" is ${info.type ?? "of unknown type"}; expected one of ${[...imageTypes].join(", ")}: export the model with a float32 input`,
    );
  }
  const layout = wanted ?? layoutOf(info);
  const [channels, height, width] = layout === "nchw" ? [1, 2, 3] : [3, 1, 2];
  const size = { height: fixedAxis(info, height), width: fixedAxis(info, width) };
  return {
    info,
    layout,
    channels: channelsAt(info, channels, layout),
    size,
    batch: fixedAxis(info, 0),
  };
}

function fixedAxis({ shape }: ValueInfo, axis: number): number | undefined {
  const length = shape?.[axis];
  return typeof length === "number" && length > 0 ? length : undefined;
}

/** More channels than this are taken for a side of the image, unless the layout is given. */
const mostChannels = 16;

/** The channels of a layout. An open number is that of a colour image. */
function channelsAt(info: ValueInfo, axis: number, layout: ImageLayout): number {
  const count = fixedAxis(info, axis);
  const other = fixedAxis(info, axis === 1 ? 3 : 1);
  const isOdd = (count ?? Number.POSITIVE_INFINITY) > mostChannels;
  const swapped = other === 3 ? count !== 3 : other !== undefined && other <= mostChannels && isOdd;
  if (!swapped) return count ?? 3;
  throw new SeawallError(
    "model",
    `image input "${info.name}" [${info.shape?.join(", ")}] has ${count ?? "an open number of"} channels in layout ${layout}, and ${other} in the other; if the layout is wrong, give --layout ${layout === "nchw" ? "nhwc" : "nchw"}`,
  );
}

/**
 * The layout that the shape tells: channels are the axis of length 3, or else the only axis that is fixed, small, and
 * shorter than both sides.
 */
function layoutOf(info: ValueInfo): ImageLayout {
  const [first, last] = [fixedAxis(info, 1), fixedAxis(info, 3)];
  if ((first === 3) !== (last === 3)) return first === 3 ? "nchw" : "nhwc";
  const [sidesOfFirst, sidesOfLast] = [
    [2, 3],
    [1, 2],
  ].map((axes) => axes.map((axis) => fixedAxis(info, axis) ?? Number.POSITIVE_INFINITY));
  const fits = (count: number | undefined, sides: readonly number[]) =>
    count !== undefined && count <= mostChannels && sides.every((side) => count < side);
  const [nchw, nhwc] = [fits(first, sidesOfFirst!), fits(last, sidesOfLast!)];
  if (nchw !== nhwc) return nchw ? "nchw" : "nhwc";
  throw new SeawallError(
    "model",
    `image input "${info.name}" [${info.shape?.join(", ") ?? "no shape"}]: which axis holds the channels cannot be told from its shape; give --layout nchw or nhwc`,
  );
}

export function listInputs(graph: Graph): string {
  return graph.inputs
    .map(({ name, type, shape }) => `"${name}" ${type ?? "?"} [${shape?.join(", ") ?? "?"}]`)
    .join(", ");
}

/** Single precision, in which the model gets its pixels, does not know other numbers. */
const isUsual = (value: number) => Number.isFinite(Math.fround(value));

/** Why values of black and white make no range; undefined if they do. White may be below black, for negatives. */
export function rangeProblem([black, white]: readonly [number, number]): string | undefined {
  if (!isUsual(black) || !isUsual(white)) return "expected two finite numbers, as 0,255";
  if (Math.fround(black) !== Math.fround(white)) return undefined;
  return `black and white must differ, got ${black} and ${white}; most models want 0,1 or 0,255`;
}

/** Why numbers cannot be subtracted per channel; undefined if they can. */
export function meanProblem(mean: readonly number[]): string | undefined {
  return mean.every(isUsual) ? undefined : "expected finite numbers, as 0.485,0.456,0.406";
}

/** Why numbers cannot be divided by; undefined if they can. */
export function stdProblem(std: readonly number[]): string | undefined {
  const divides = (value: number) => isUsual(value) && isUsual(1 / Math.fround(value)) && value > 0;
  if (std.every(divides)) return undefined;
  return `pixels are divided by these, so each must be above 0, as in 0.229,0.224,0.225; got ${std.join(",")}; leave it out for a model that divides by nothing`;
}

/** @throws SeawallError `config` for numbers that make no pixels */
function checkNumbers({ inputRange, mean, std }: Preprocessing): void {
  const problems = {
    inputRange: inputRange && rangeProblem(inputRange),
    mean: mean && meanProblem(mean),
    std: std && stdProblem(std),
  };
  for (const [setting, problem] of Object.entries(problems))
    if (problem) throw new SeawallError("config", `${setting}: ${problem}`);
}

/**
 * The graph with `imageName`, N×C×H×W in [0, 1], as its input in place of the model's own.
 * @throws SeawallError `config` if `mean`, `std` or `bgr` do not fit the number of channels
 */
export function normalizeInput(
  graph: Graph,
  image: ImageInput,
  shape: readonly number[],
  preprocessing: Preprocessing = {},
): Graph {
  checkNumbers(preprocessing);
  checkPreprocessing(image, preprocessing);
  const prepared = copyGraph(graph);
  prepared.inputs = [];
  prepared.nodes = [];
  const build = new GraphBuilder(prepared);
  const input = build.input(imageName, "float32", shape);
  build.within("seawall/input", () => {
    const pixels = preprocess(build, input, preprocessing);
    const laidOut = image.layout === "nchw" ? pixels : build.transpose(pixels, [0, 2, 3, 1]);
    build.alias(laidOut, image.info.name, "image");
  });
  prepared.nodes.push(...graph.nodes);
  return prepared;
}

/** A graph of the preprocessing alone: from `imageName`, N×C×H×W in [0, 1], to what a model is given, as `pixels`. */
export function preprocessingGraph(shape: readonly number[], preprocessing: Preprocessing): Graph {
  const build = new GraphBuilder(emptyGraph("preprocessing", 18));
  const image = build.input(imageName, "float32", shape);
  build.output(preprocess(build, image, preprocessing), "pixels");
  return build.graph;
}

function preprocess(build: GraphBuilder, image: Value, { inputRange, mean, std, bgr }: Preprocessing): Value {
  const [black, white] = inputRange ?? [0, 1];
  const perChannel = (values: readonly number[]) => build.constant(float32([1, values.length, 1, 1], values));
  let value = image;
  if (white - black !== 1) value = build.mul(value, white - black);
  if (black !== 0) value = build.add(value, black);
  if (mean) value = build.sub(value, perChannel(mean));
  if (std) value = build.div(value, perChannel(std));
  return bgr ? build.op("Gather", [value, build.ints([2, 1, 0])], { axis: 1 }) : value;
}

function checkPreprocessing({ info, channels }: ImageInput, { mean, std, bgr }: Preprocessing): void {
  for (const [flag, values] of Object.entries({ mean, std })) {
    if (values === undefined || values.length === channels) continue;
    throw new SeawallError(
      "config",
      `--${flag} ${values.join(",")}: expected ${plural(channels, "number")}, one for each channel of image input "${info.name}", got ${values.length}`,
    );
  }
  if (bgr && channels !== 3) {
    throw new SeawallError(
      "config",
      `--bgr: image input "${info.name}" has ${plural(channels, "channel")}, expected 3; leave it out, or choose the order with --bands`,
    );
  }
}
