/** Deformable convolution (Dai et al. 2017; Zhu et al. 2019 with a mask): sampling at moved places, then a product. */
import { int64 } from "../../base/index.js";
import { attribute } from "../graph/attributes.js";
import type { GraphBuilder } from "../graph/builder.js";
import type { Value } from "../graph/graph.js";
import { type Expansion, type ExpansionContext, lengthOf, notExpanded } from "./expansion.js";

/** Inputs x N×C×H×W, weight O×(C/groups)×kh×kw, offset N×(2·G·kh·kw)×h×w, bias O, mask N×(G·kh·kw)×h×w. */
const deformConv: Expansion = (context) => {
  const { build, node, required, optional } = context;
  const stored = build.graph.initializers.get(required(1));
  const kernel = attribute.optionalInts(node, "kernel_shape") ?? stored?.dims.slice(2);
  if (kernel?.length !== 2)
    throw notExpanded(node, "neither its attribute kernel_shape nor a stored weight gives two lengths");
  const taps = grid(kernel[0]!, kernel[1]!);
  const offsetGroups = attribute.int(node, "offset_group", 1);
  const bias = optional(3);
  const images = build.ops("Split", [required(0)], offsetGroups, { axis: 1, num_outputs: offsetGroups });
  const sampled = images.map((image, group) => {
    const first = group * taps.length;
    const parts = taps.map((tap, t) => sample(context, image, tap, first + t));
    return build.op("Concat", parts, { axis: 2 });
  });
  // Channels, then taps: the order of the kernel's own elements.
  const columns = sampled.length === 1 ? sampled[0]! : build.concat(sampled, 1);
  const merged = build.op("Reshape", [columns, mergedShape(build, columns)]);
  const weight = required(1);
  const flat = build.op("Reshape", [weight, build.ints([0, -1, 1, 1])]);
  return [
    build.op("Conv", [merged, flat, ...(bias === undefined ? [] : [bias])], {
      group: attribute.int(node, "group", 1),
    }),
  ];
};

function grid(rows: number, columns: number): [number, number][] {
  return Array.from({ length: rows * columns }, (_, t) => [Math.floor(t / columns), t % columns]);
}

/** The image at the places that one tap of the kernel reads: N×c×1×h×w. */
function sample(
  context: ExpansionContext,
  image: Value,
  tap: readonly [number, number],
  index: number,
): Value {
  const { build, node, required, optional, scalar } = context;
  const [strides, pads, dilations] = [
    attribute.ints(node, "strides", [1, 1]),
    attribute.ints(node, "pads", [0, 0, 0, 0]),
    attribute.ints(node, "dilations", [1, 1]),
  ];
  const offset = required(2);
  const places = [0, 1].map((axis) => {
    const moved = build.slice(offset, [1], [2 * index + axis], [2 * index + axis + 1]);
    const start = tap[axis]! * dilations[axis]! - pads[axis]!;
    const regular = positions(build, offset, axis, strides[axis]!, start);
    const length = build.cast(lengthOf(build, image, axis + 2), "float32");
    // With align_corners=0, an image of length 1 has no division by zero.
    const twice = build.add(build.mul(build.add(moved, regular), scalar(2, moved)), scalar(1, moved));
    return build.sub(build.div(twice, length), scalar(1, moved));
  });
  // N×2×h×w with x before y → N×h×w×2.
  const points = build.transpose(build.concat([places[1]!, places[0]!], 1), [0, 2, 3, 1]);
  const values = build.op("GridSample", [image, points], {
    mode: build.graph.opset >= 20 ? "linear" : "bilinear",
    padding_mode: "zeros",
    align_corners: 0,
  });
  const mask = optional(4);
  const masked =
    mask === undefined ? values : build.mul(values, build.slice(mask, [1], [index], [index + 1]));
  return build.op("Unsqueeze", [masked, build.ints([2])]);
}

/** The place of every output along an axis, before it is moved: 1×1×h×1 or 1×1×1×w. */
function positions(build: GraphBuilder, offset: Value, axis: number, stride: number, start: number): Value {
  const count = build.reshape(lengthOf(build, offset, axis + 2), []);
  const [first, step] = [0, 1].map((number) => build.constant(int64([], [number]))) as [Value, Value];
  const numbers = build.cast(build.op("Range", [first, count, step]), "float32");
  const shape = axis === 0 ? [1, 1, -1, 1] : [1, 1, 1, -1];
  return build.reshape(build.add(build.mul(numbers, stride), start), shape);
}

/** N×C×T×h×w → N×(C·T)×h×w. */
function mergedShape(build: GraphBuilder, columns: Value): Value {
  const batch = lengthOf(build, columns, 0);
  return build.concat([batch, build.ints([-1]), build.op("Shape", [columns], { start: 3 })], 0);
}

export const deformable: Readonly<Record<string, Expansion>> = { DeformConv: deformConv };
