/** Rules of the movement family: operators that move, slice, copy or join elements. */
import { attribute, type GraphBuilder, type Value } from "../../onnx/index.js";
import { unbroadcast } from "../fragments/broadcast.js";
import { axisProducts } from "../fragments/composites.js";
import { padZeros, withLength, zerosOf } from "../fragments/filled.js";
import type { RuleContext, Rules } from "../fragments/rule.js";
import { unary } from "../fragments/rule.js";
import { type AxisMap, type PadMode, padding, picks, transposed } from "../fragments/taps.js";
import { constantNumbers, fromFront, refuseNode } from "./fragments.js";
import { indexing } from "./indexing.js";

type Gradients = readonly (Value | undefined)[];

/** Reshapes the gradient to the input's shape. */
const reshaped = unary(({ x, g }, b, { shape }) => b.reshape(g, shape(x)));

/** Each input's gradient is its part of g: by one Split if all are wanted, by slices otherwise. */
function concatGradient({ node, inputs, shape, needs }: RuleContext, [g]: Gradients, build: GraphBuilder) {
  const axis = fromFront(attribute.int(node, "axis", 0), shape(inputs[0]!).length);
  const lengths = inputs.map((input) => shape(input)[axis]!);
  if (inputs.length > 1 && inputs.every((_, i) => needs(i))) {
    return build.ops("Split", [g!, build.ints(lengths)], inputs.length, { axis });
  }
  let end = 0;
  return inputs.map((_, i) => {
    const start = end;
    end += lengths[i]!;
    return needs(i) ? build.slice(g!, [axis], [start], [end]) : undefined;
  });
}

/** The input's gradient: the outputs' gradients concatenated, with zeros for unused outputs. */
function splitGradient(context: RuleContext, gradients: Gradients, build: GraphBuilder) {
  const { node, inputs, outputs, shape } = context;
  const whole = shape(inputs[0]!);
  const axis = fromFront(attribute.int(node, "axis", 0), whole.length);
  // The last part is smaller where the axis does not divide evenly.
  const part = Math.ceil(whole[axis]! / outputs.length);
  const equal = outputs.map((_, i) => Math.max(0, Math.min(part, whole[axis]! - i * part)));
  const lengths = constantNumbers(context, 1, "split") ?? equal;
  const parts = gradients.map((g, i) => g ?? zerosOf(build, withLength(whole, axis, lengths[i]!)));
  return [parts.length === 1 ? parts[0]! : build.concat(parts, axis)];
}

/** Puts the slice's gradient back into its positions, with zeros elsewhere. */
function sliceGradient(context: RuleContext, [g]: Gradients, build: GraphBuilder) {
  const from = context.shape(context.inputs[0]!);
  const to = context.shape(context.outputs[0]!);
  const starts = constantNumbers(context, 1, "starts")!;
  const axes = constantNumbers(context, 3, "axes") ?? starts.map((_, i) => i);
  const steps = constantNumbers(context, 4, "steps") ?? starts.map(() => 1);

  const before = from.map(() => 0);
  const strided = new Map<number, AxisMap>();
  for (const [i, signed] of axes.entries()) {
    const axis = fromFront(signed, from.length);
    const step = steps[i]!;
    const start = firstIndex(starts[i]!, step, from[axis]!);
    if (step === 1) before[axis] = start;
    else strided.set(axis, steppedMap(start, step, to[axis]!, from[axis]!));
  }
  const spread = axisProducts(build, "AxisProducts", g!, to, strided);
  const missing = (axis: number) => (strided.has(axis) ? 0 : from[axis]! - to[axis]! - before[axis]!);
  return [
    padZeros(
      build,
      spread,
      before,
      from.map((_, axis) => missing(axis)),
    ),
  ];
}

/** The first index of a slice: `start` resolved and clamped as the standard says. */
function firstIndex(start: number, step: number, length: number): number {
  const index = start < 0 ? start + length : start;
  return Math.max(0, Math.min(index, step < 0 ? length - 1 : length));
}

function steppedMap(start: number, step: number, count: number, length: number): AxisMap {
  const indices = Array.from({ length: count }, (_, i) => start + i * step);
  return transposed(picks(indices, length));
}

/** The input's gradient is its part of g. The gradient of the padding value is the sum of the rest. */
function padGradient(context: RuleContext, [g]: Gradients, build: GraphBuilder) {
  const { node, inputs, shape, needs } = context;
  const pads = padsOf(context, shape(inputs[0]!).length);
  const mode = attribute.string(node, "mode", "constant");
  if (mode !== "constant") return [repeatGradient(context, g!, build, mode as PadMode, pads)];
  const negated = (side: 0 | 1) => pads.map((pair) => -pair[side]);
  const inner = padZeros(build, g!, negated(0), negated(1));
  if (!needs(2)) return [inner];
  const sum = (value: Value) => build.op("ReduceSum", [value], { keepdims: 0 });
  return [inner, undefined, build.reshape(build.sub(sum(g!), sum(inner)), shape(inputs[2]!))];
}

type Pads = readonly (readonly [before: number, after: number])[];

/** Padding by copies of elements: the gradients of all copies of an element are summed. */
function repeatGradient(
  { node, inputs, outputs, shape }: RuleContext,
  g: Value,
  build: GraphBuilder,
  mode: PadMode,
  pads: Pads,
) {
  const maps = new Map<number, AxisMap>();
  for (const [axis, [before, after]] of pads.entries()) {
    if (before === 0 && after === 0) continue;
    const length = shape(inputs[0]!)[axis]!;
    const kept = length + Math.min(0, before) + Math.min(0, after);
    // ONNX Runtime refuses larger reflections, but in mode wrap it reads memory outside the tensor.
    if (mode === "wrap" && Math.max(before, after) > kept) {
      refuseNode(
        node,
        `mode "wrap" pads axis ${axis} by more than its ${kept} elements, which ONNX Runtime fills with arbitrary memory; pad in several steps`,
      );
    }
    maps.set(axis, transposed(padding(mode, length, before, after)));
  }
  return axisProducts(build, "AxisProducts", g, shape(outputs[0]!), maps);
}

/** Number of elements added before and after each axis. */
function padsOf(context: RuleContext, rank: number): Pads {
  const given = constantNumbers(context, 1, "pads")!;
  const axes = constantNumbers(context, 3, "axes") ?? Array.from({ length: rank }, (_, i) => i);
  const pads = Array.from({ length: rank }, (): [number, number] => [0, 0]);
  for (const [i, axis] of axes.entries()) pads[fromFront(axis, rank)] = [given[i]!, given[axes.length + i]!];
  return pads;
}

/** Splits each repeated axis into its copies and sums over them. */
function tileGradient({ inputs, outputs, shape }: RuleContext, [g]: Gradients, build: GraphBuilder) {
  const from = shape(inputs[0]!);
  const to = shape(outputs[0]!);
  const copied: number[] = [];
  const apart = from.flatMap((length, axis) => {
    if (to[axis] === length) return [length];
    copied.push(axis + copied.length);
    return [to[axis]! / length, length];
  });
  if (copied.length === 0) return [g];
  const ones = apart.map((length, axis) => (copied.includes(axis) ? 1 : length));
  return [build.reshape(unbroadcast(build, build.reshape(g!, apart), apart, ones), from)];
}

function transposeGradient({ node, inputs, shape }: RuleContext, [g]: Gradients, build: GraphBuilder) {
  const rank = shape(inputs[0]!).length;
  const perm = attribute.optionalInts(node, "perm") ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  return [
    build.transpose(
      g!,
      Array.from(perm, (_, axis) => perm.indexOf(axis)),
    ),
  ];
}

/** SpaceToDepth inverts mode DCR. Mode CRD orders the channels (C, b, b) instead of (b, b, C). */
function depthToSpaceGradient({ node, inputs, shape }: RuleContext, [g]: Gradients, build: GraphBuilder) {
  const blocksize = attribute.int(node, "blocksize", 1);
  if (attribute.string(node, "mode", "DCR") === "DCR") return [build.op("SpaceToDepth", [g!], { blocksize })];
  const [n, c, h, w] = shape(inputs[0]!) as [number, number, number, number];
  const apart = build.reshape(g!, [n, c / blocksize ** 2, h, blocksize, w, blocksize]);
  return [build.reshape(build.transpose(apart, [0, 1, 3, 5, 2, 4]), [n, c, h, w])];
}

export const movement: Rules = {
  Reshape: reshaped,
  Flatten: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Transpose: { gradient: transposeGradient },
  Expand: { broadcasts: true, gradient: (_, [g]) => [g] },
  Tile: { gradient: tileGradient },
  Concat: { gradient: concatGradient },
  Split: { gradient: splitGradient },
  Slice: { gradient: sliceGradient, note: "`starts`, `axes` and `steps` must not depend on the image" },
  Pad: { gradient: padGradient, note: "every mode, negative pads too; `pads` must not depend on the image" },
  DepthToSpace: { gradient: depthToSpaceGradient },
  SpaceToDepth: unary(({ g }, b, { node }) =>
    b.op("DepthToSpace", [g], { blocksize: attribute.int(node, "blocksize", 1) }),
  ),
  Trilu: {
    gradient: ({ node, inputs: [, k] }, [g], b) => [
      b.op("Trilu", k ? [g!, k] : [g!], { upper: attribute.int(node, "upper", 1) }),
    ],
  },
  ReverseSequence: {
    gradient: ({ node, inputs: [, lengths] }, [g], b) => [
      b.op("ReverseSequence", [g!, lengths!], node.attributes),
    ],
  },
  ...indexing,
};
