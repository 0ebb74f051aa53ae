/** Small segmentation models with random weights, as graphs. */
import { float32, randomStream, sizeOf } from "../../src/base/index.js";
import { emptyGraph, type Graph, GraphBuilder, type Value } from "../../src/onnx/index.js";

export interface TinyOptions {
  readonly classes?: number;
  /** Channels of the image, 3 by default. */
  readonly channels?: number;
  readonly layout?: "nchw" | "nhwc";
  /** Batch, height and width of the input; names where they stay open. */
  readonly batch?: number | string;
  readonly height?: number | string;
  readonly width?: number | string;
  /** What stands behind the logits. */
  readonly ending?: "Softmax" | "ArgMax" | "Sigmoid";
  /** Logits at half the image's resolution. */
  readonly coarse?: boolean;
  /** What is done to the image before the first convolution, and to the logits after the last one. */
  readonly before?: (b: GraphBuilder, image: Value) => Value;
  readonly after?: (b: GraphBuilder, logits: Value) => Value;
}

const asIs = (_: GraphBuilder, value: Value) => value;

/** Conv 3×3 → Relu → Conv 1×1: image N×C×H×W in, logits N×K×H×W out. */
export function tinyModel(options: TinyOptions = {}): Graph {
  const { classes = 4, layout = "nchw", batch = "n", height = "h", width = "w", ending, coarse } = options;
  const { channels = 3, before = asIs, after = asIs } = options;
  const graph = emptyGraph("tiny", 18);
  const b = new GraphBuilder(graph);
  const nhwc = layout === "nhwc";
  const image = b.input(
    "image",
    "float32",
    nhwc ? [batch, height, width, channels] : [batch, channels, height, width],
  );
  const first = nhwc ? b.transpose(image, [0, 3, 1, 2]) : image;
  const stride = coarse ? 2 : 1;
  const hidden = b.op(
    "Conv",
    [before(b, first), weights(b, [8, channels, 3, 3], 1.5), weights(b, [8], 0.3)],
    {
      pads: [1, 1, 1, 1],
      strides: [stride, stride],
    },
  );
  const logits = b.op("Conv", [
    b.op("Relu", [hidden]),
    weights(b, [classes, 8, 1, 1], 1.5),
    weights(b, [classes], 0.3),
  ]);
  const last = after(b, logits);
  const laidOut = nhwc ? b.transpose(last, [0, 2, 3, 1]) : last;
  b.output(end(b, laidOut, ending, nhwc ? 3 : 1), "output");
  return graph;
}

function end(b: GraphBuilder, logits: Value, ending: TinyOptions["ending"], axis: number): Value {
  if (ending === "Softmax") return b.op("Softmax", [logits], { axis });
  if (ending === "ArgMax") return b.op("ArgMax", [logits], { axis, keepdims: 0 });
  return ending === "Sigmoid" ? b.op("Sigmoid", [logits]) : logits;
}

function weights(b: GraphBuilder, dims: readonly number[], scale: number): Value {
  return b.constant(
    float32(dims, randomStream("tiny", ...dims).uniform(sizeOf(dims), -scale, scale)),
    "weight",
  );
}

/** A smooth random image, 3·H·W floats in [0, 1]. */
export function tinyImage(height: number, width: number, key: string | number = 0): Float32Array {
  return randomStream("tiny image", key).uniform(3 * height * width, 0.1, 0.9);
}

/** Random labels in which some pixels are ignored. */
export function tinyLabels(
  height: number,
  width: number,
  classes: number,
  key: string | number = 0,
): Int32Array {
  const stream = randomStream("tiny labels", key);
  return Int32Array.from({ length: height * width }, () =>
    stream.next() < 0.1 ? -1 : Math.floor(stream.next() * classes),
  );
}

/**
 * A model that knows classes by their colours (red · 65536 + green · 256 + blue): the logit of a class is the larger, the
 * nearer the pixel is to its colour. With two colours and `oneChannel`, the output is u of logits (0, u).
 */
export function colourModel(colours: readonly number[], oneChannel = false): Graph {
  const rgb = colours.map((colour) => [16, 8, 0].map((bits) => ((colour >> bits) & 255) / 255));
  const kernels = rgb.map((colour) => colour.map((value) => 2 * value));
  const biases = rgb.map((colour) => -colour.reduce((sum, value) => sum + value * value, 0));
  const difference = (rows: readonly number[]) => [rows[1]! - rows[0]!];
  const [rows, bias] = oneChannel
    ? [[kernels[0]!.map((_, i) => kernels[1]![i]! - kernels[0]![i]!)], difference(biases)]
    : [kernels, biases];
  const b = new GraphBuilder(emptyGraph("colours", 18));
  const image = b.input("image", "float32", ["n", 3, "h", "w"]);
  const kernel = b.constant(float32([rows.length, 3, 1, 1], rows.flat()));
  b.output(b.op("Conv", [image, kernel, b.constant(float32([rows.length], bias))]), "logits");
  return b.graph;
}

/** 4 classes behind an operator that has no gradient rule. */
export function modelWithoutRule(): Graph {
  const graph = emptyGraph("det", 18);
  const b = new GraphBuilder(graph);
  const x = b.input("image", "float32", [1, 3, 16, 16]);
  const four = b.concat([x, b.slice(x, [1], [0], [1])], 1);
  b.output(b.mul(four, b.reshape(b.op("Det", [four]), [1, 4, 1, 1])), "output");
  return graph;
}
