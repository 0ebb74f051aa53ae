/** The image input: found among the graph's inputs, and given the one form that attacks know. */
import { type DataType, float32, placed, SeawallError } from "../base/index.js";
import { copyGraph, type Graph, GraphBuilder, type Value, type ValueInfo } from "../onnx/index.js";

export type ImageLayout = "nchw" | "nhwc";

/** The form in which the model takes its pixels. Seawall itself always holds RGB in [0, 1], N×3×H×W. */
export interface Preprocessing {
  /** The values of black and white in the model's input; default [0, 1]. */
  readonly inputRange?: readonly [number, number];
  /** Subtracted per channel (RGB order), after scaling to `inputRange`. */
  readonly mean?: readonly number[];
  /** Divided by per channel (RGB order), after subtracting `mean`. */
  readonly std?: readonly number[];
  /** The model wants blue first. */
  readonly bgr?: boolean;
}

export interface ImageInput {
  readonly info: ValueInfo;
  readonly layout: ImageLayout;
  /** Height and width if the model fixes them. */
  readonly size: { readonly height: number | undefined; readonly width: number | undefined };
  /** The batch size if the model fixes it. */
  readonly batch: number | undefined;
}

/** The name of the image in a prepared graph. */
export const imageName = "seawall/image";

/**
 * Finds the one float input of four dimensions with three channels.
 * @throws SeawallError `model` if there is none, or more than one, or if the layout is ambiguous
 */
export function findImage(graph: Graph, layout?: ImageLayout): ImageInput {
  try {
    return onlyImage(graph, layout);
  } catch (error) {
    throw placed(error, graph.file);
  }
}

function onlyImage(graph: Graph, layout: ImageLayout | undefined): ImageInput {
  const images = graph.inputs.filter((input) => input.shape?.length === 4 || input.shape === undefined);
  if (images.length !== 1) {
    const what = images.length === 0 ? "no image input" : `${images.length} image inputs`;
    throw new SeawallError(
      "model",
      `${what} among ${listInputs(graph)}; Seawall attacks models with one float input N×3×H×W or N×H×W×3: export the model with the others fixed inside`,
    );
  }
  const others = graph.inputs.filter((input) => input !== images[0]);
  if (others.length > 0) {
    throw new SeawallError(
      "model",
      `input "${others[0]!.name}" is no image and Seawall cannot know its value; export the model with it fixed inside (inputs: ${listInputs(graph)})`,
    );
  }
  return describeImage(images[0]!, layout);
}

/** Element types of image inputs that can be attacked; all are attacked as float32. */
const imageTypes: ReadonlySet<DataType> = new Set(["float32", "float16", "float64", "bfloat16", "uint8"]);

/**
 * A graph whose bytes of an image are floats: what reads them, a Cast as a rule, reads floats from 0 to 255. Returned as
 * it is where the input holds floats already.
 */
export function withFloatImage(
  graph: Graph,
  { info }: ImageInput,
): { graph: Graph; preprocessing: Preprocessing; notices: readonly string[] } {
  if (info.type !== "uint8") return { graph, preprocessing: {}, notices: [] };
  const inputs = graph.inputs.map((input) =>
    input.name === info.name ? { ...input, type: "float32" as const } : input,
  );
  return {
    graph: { ...graph, inputs },
    preprocessing: { inputRange: [0, 255] },
    notices: [
      `image input "${info.name}" is uint8: it is attacked as floats from 0 to 255, before the model's own conversion. The model itself sees images rounded to 8 bits: the soundness line "rounding" says what is left of the attack then`,
    ],
  };
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
  const fixed = (axis: number) => {
    const dim = info.shape?.[axis];
    return typeof dim === "number" && dim > 0 ? dim : undefined;
  };
  const count = fixed(channels);
  const otherIsRgb = info.shape?.[layout === "nchw" ? 3 : 1] === 3;
  if (count === undefined ? otherIsRgb : count !== 3) {
    throw new SeawallError(
      "model",
      `image input "${info.name}" has ${count ?? "an open number of"} channels in layout ${layout}, 3 (RGB) are needed; if the layout is wrong, give --layout`,
    );
  }
  return { info, layout, size: { height: fixed(height), width: fixed(width) }, batch: fixed(0) };
}

function layoutOf(info: ValueInfo): ImageLayout {
  const first = info.shape?.[1] === 3;
  const last = info.shape?.[3] === 3;
  if (first !== last) return first ? "nchw" : "nhwc";
  throw new SeawallError(
    "model",
    `image input "${info.name}" [${info.shape?.join(", ") ?? "no shape"}]: its layout cannot be told from its shape; give --layout nchw or nhwc`,
  );
}

export function listInputs(graph: Graph): string {
  return graph.inputs
    .map(({ name, type, shape }) => `"${name}" ${type ?? "?"} [${shape?.join(", ") ?? "?"}]`)
    .join(", ");
}

/** The graph with `imageName`, RGB in [0, 1] N×3×H×W, as its input in place of the model's own. */
export function normalizeInput(
  graph: Graph,
  image: ImageInput,
  shape: readonly number[],
  preprocessing: Preprocessing = {},
): Graph {
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

function preprocess(build: GraphBuilder, image: Value, { inputRange, mean, std, bgr }: Preprocessing): Value {
  const [black, white] = inputRange ?? [0, 1];
  const perChannel = (values: readonly number[]) => build.constant(float32([1, 3, 1, 1], values));
  let value = image;
  if (white - black !== 1) value = build.mul(value, white - black);
  if (black !== 0) value = build.add(value, black);
  if (mean) value = build.sub(value, perChannel(mean));
  if (std) value = build.div(value, perChannel(std));
  return bgr ? build.op("Gather", [value, build.ints([2, 1, 0])], { axis: 1 }) : value;
}
