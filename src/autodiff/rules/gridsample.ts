/** The rule of GridSample, which samples an image at computed points (flow warping, spatial transformers). */
import { attribute, type GraphBuilder, type Node, type Value } from "../../onnx/index.js";
import { sumOver } from "../fragments/composites.js";
import { zerosOf } from "../fragments/filled.js";
import type { Rule, RuleContext } from "../fragments/rule.js";
import { indicator, refuseNode } from "./fragments.js";

/** A neighbouring pixel along one axis; every value has the shape [images, 1, points]. */
interface Neighbour {
  /** Pixel index, within the axis, as a float. */
  readonly index: Value;
  /** Interpolation weight; 0 outside the image. */
  readonly weight: Value;
  /** Derivative of the weight by the grid coordinate; undefined if it is 0 everywhere. */
  readonly slope: Value | undefined;
}

/** A pixel that a sampling point reads: a neighbour along the rows' axis and one along the columns' axis. */
type Corner = readonly [down: Neighbour, across: Neighbour];

/** What GridSample reads: images of shape [images, channels, height × width], at `points` points of each image. */
interface Sampling {
  readonly build: GraphBuilder;
  readonly image: readonly [images: number, channels: number, pixels: number];
  readonly points: number;
  readonly corners: readonly Corner[];
  /** Pixel indices of the corners, [images, channels, corners × points], int64. */
  readonly indices: Value;
}

/**
 * y = Σ over the corners of w·x[corner], with w = wᵧ·wₓ. The image's gradient adds w·g at the corners. The gradient of a
 * grid coordinate is Σ over channels and corners of g·x[corner]·dw; it is 0 in mode nearest.
 */
function gridSampleGradient(context: RuleContext, [g]: readonly (Value | undefined)[], build: GraphBuilder) {
  const { node, inputs, shape, needs } = context;
  const [x, grid] = inputs as [Value, Value];
  refuseUnknown(node, shape(x).length);
  const sampling = samplingOf(context, build);
  const { image, points } = sampling;
  const flat = build.reshape(g!, [image[0], image[1], points]);
  const smooth = sampling.corners.every((corner) => corner.every(({ slope }) => slope !== undefined));
  return [
    needs(0) ? build.reshape(imageGradient(sampling, flat), shape(x)) : undefined,
    needs(1) && smooth ? build.reshape(gridGradient(sampling, flat, x), shape(grid)) : undefined,
  ];
}

function samplingOf({ node, inputs, shape }: RuleContext, build: GraphBuilder): Sampling {
  const [images, channels, height, width] = shape(inputs[0]!) as [number, number, number, number];
  const [, rows, columns] = shape(inputs[1]!) as [number, number, number, number];
  const points = rows * columns;
  const grid = build.reshape(inputs[1]!, [images, points, 2]);
  const [across, down] = [width, height].map((length, i) => {
    const coordinate = build.reshape(build.slice(grid, [2], [i], [i + 1]), [images, 1, points]);
    return neighboursOf(node, coordinate, length, build);
  }) as [Neighbour[], Neighbour[]];
  const corners = down.flatMap((below) => across.map((beside): Corner => [below, beside]));
  const pixels = corners.map(([below, beside]) => build.add(build.mul(below.index, width), beside.index));
  const indices = build.expand(build.cast(build.concat(pixels, 2), "int64"), [
    images,
    channels,
    corners.length * points,
  ]);
  return { build, image: [images, channels, height * width], points, corners, indices };
}

function imageGradient({ build, image, corners, indices }: Sampling, g: Value): Value {
  const updates = corners.map(([below, beside]) => build.mul(g, build.mul(below.weight, beside.weight)));
  const inputs = [zerosOf(build, image), indices, build.concat(updates, 2)];
  return build.op("ScatterElements", inputs, { axis: 2, reduction: "add" });
}

/** The grid's gradient, [images, points, 2]. */
function gridGradient({ build, image, points, corners, indices }: Sampling, g: Value, x: Value): Value {
  const [images, channels] = image;
  const read = build.op("GatherElements", [build.reshape(x, image), indices], { axis: 2 });
  const products = build.mul(
    build.reshape(read, [images, channels, corners.length, points]),
    build.reshape(g, [images, channels, 1, points]),
  );
  const overChannels = sumOver(build, products, [images, channels, corners.length, points], [1]);
  const sums = build.reshape(overChannels, [images, corners.length, points]);
  const slopes = [
    corners.map(([below, beside]) => build.mul(below.weight, beside.slope!)),
    corners.map(([below, beside]) => build.mul(below.slope!, beside.weight)),
  ];
  const gradients = slopes.map((terms) =>
    build.reduce("ReduceSum", build.mul(sums, build.concat(terms, 1)), [1]),
  );
  return build.transpose(build.concat(gradients, 1), [0, 2, 1]);
}

function refuseUnknown(node: Node, rank: number): void {
  const mode = modeOf(node);
  const padding = attribute.string(node, "padding_mode", "zeros");
  if (rank !== 4)
    refuseNode(node, `its input has ${rank} axes, and its gradient is known for images (4 axes) alone`);
  if (mode !== "linear" && mode !== "nearest") {
    refuseNode(
      node,
      `attribute mode is "${mode}", and its gradient is known for "linear" and "nearest" alone`,
    );
  }
  if (padding === "reflection") {
    refuseNode(
      node,
      'attribute padding_mode is "reflection", and its gradient is known for "zeros" and "border" alone',
    );
  }
}

/** The mode under its name since opset 20, which renamed bilinear and bicubic. */
function modeOf(node: Node): string {
  return attribute.string(node, "mode", "linear").replace("bilinear", "linear");
}

/**
 * The two pixels around a coordinate, or the nearest one. The coordinates −1 and 1 are the centres of the outermost
 * pixels if `align_corners` is set, and their outer edges otherwise.
 */
function neighboursOf(node: Node, coordinate: Value, length: number, build: GraphBuilder): Neighbour[] {
  const scale = (attribute.int(node, "align_corners", 0) === 1 ? length - 1 : length) / 2;
  const unbounded = build.add(build.mul(coordinate, scale), (length - 1) / 2);
  const inside = (position: Value) => build.op("Clip", [position, 0, length - 1]);
  const exists = (index: Value) => indicator(build, "Equal", index, inside(index));
  const border = attribute.string(node, "padding_mode", "zeros") === "border";
  const position = border ? inside(unbounded) : unbounded;

  if (modeOf(node) === "nearest") {
    const nearest = build.op("Round", [position]);
    return [{ index: inside(nearest), weight: exists(nearest), slope: undefined }];
  }
  // With border padding, positions beyond the border are clamped: their derivative is 0.
  const rate = border ? build.mul(indicator(build, "Equal", position, unbounded), scale) : scale;
  const low = build.op("Floor", [position]);
  const high = build.add(low, 1);
  const part = build.sub(position, low);
  const neighbour = (index: Value, share: Value, sign: (rate: Value) => Value): Neighbour => {
    const there = exists(index);
    return { index: inside(index), weight: build.mul(share, there), slope: sign(build.mul(there, rate)) };
  };
  return [neighbour(low, build.sub(1, part), build.neg), neighbour(high, part, (slope) => slope)];
}

export const gridSample: Rule = {
  gradient: gridSampleGradient,
  note: "2-D images; modes linear and nearest; padding zeros and border; by the grid too, except in mode nearest",
};
