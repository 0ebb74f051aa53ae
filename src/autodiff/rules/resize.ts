/** Rules of the resize family. */
import { attribute, type GraphBuilder, type Node, type Value } from "../../onnx/index.js";
import { axisProducts } from "../fragments/composites.js";
import {
  type CoordinateMode,
  type Interpolation,
  interpolationMap,
  type NearestMode,
} from "../fragments/interpolation.js";
import type { RuleContext, Rules } from "../fragments/rule.js";
import { type AxisMap, identity, isIdentity, transposed } from "../fragments/taps.js";
import { constantNumbers, fromFront, refuseNode } from "./fragments.js";
import { gridSample } from "./gridsample.js";

/**
 * Resize is separable: y = A x Bᵀ with one interpolation matrix per axis, hence g ↦ Aᵀ g B.
 * The extrapolation value is a constant and adds nothing.
 */
function resizeGradient(context: RuleContext, [g]: readonly (Value | undefined)[], build: GraphBuilder) {
  const shape = context.shape(context.outputs[0]!);
  const adjoint = new Map(
    resizeMaps(context).flatMap((map, axis) => (isIdentity(map) ? [] : [[axis, transposed(map)] as const])),
  );
  return [axisProducts(build, "ResizeGradient", g!, shape, adjoint)];
}

/** The interpolation along every axis, as ONNX Runtime computes the node. */
export function resizeMaps(context: RuleContext): AxisMap[] {
  const { node, inputs, outputs } = context;
  const from = context.shape(inputs[0]!);
  const to = context.shape(outputs[0]!);
  const rank = from.length;
  // If the shape stays the same, ONNX Runtime copies the tensor and ignores scales and roi.
  if (from.every((length, axis) => length === to[axis])) return from.map(identity);
  const scales = scalesOf(context, from, to);
  const roi = roiOf(context, rank);
  const how = interpolationOf(node, scales);
  return from.map((length, axis) =>
    interpolationMap(how, {
      inputs: length,
      outputs: to[axis]!,
      scale: scales[axis]!,
      roi: [roi[axis]!, roi[rank + axis]!],
    }),
  );
}

function interpolationOf(node: Node, scales: readonly number[]): Interpolation {
  const how: Interpolation = {
    mode: attribute.string(node, "mode", "nearest") as Interpolation["mode"],
    coordinates: attribute.string(node, "coordinate_transformation_mode", "half_pixel") as CoordinateMode,
    nearest: attribute.string(node, "nearest_mode", "round_prefer_floor") as NearestMode,
    cubic: attribute.float(node, "cubic_coeff_a", -0.75),
    excludeOutside: attribute.int(node, "exclude_outside", 0) !== 0,
    antialias: attribute.int(node, "antialias", 0) !== 0,
  };
  const channelsLast = scales.length === 4 && scales[1] !== 1;
  // ONNX Runtime enlarges channels-last images in cubic mode with its antialiasing code.
  const antialias = how.antialias || (channelsLast && how.mode === "cubic");
  if (antialias && channelsLast && how.coordinates === "tf_crop_and_resize") {
    return refuseNode(
      node,
      'coordinate_transformation_mode "tf_crop_and_resize" with antialias or cubic mode on channels-last images has no gradient, since ONNX Runtime extrapolates the wrong pixels there; transpose to channels-first around the node, or use another coordinate_transformation_mode',
    );
  }
  return { ...how, antialias };
}

/** The axes that `scales`, `sizes` and `roi` refer to. */
function axesOf(node: Node, rank: number): number[] {
  const axes = attribute.optionalInts(node, "axes") ?? Array.from({ length: rank }, (_, i) => i);
  return axes.map((axis) => fromFront(axis, rank));
}

/** The scale of every axis: given, or output length / input length in float32. */
function scalesOf(context: RuleContext, from: readonly number[], to: readonly number[]): number[] {
  const { node } = context;
  const axes = axesOf(node, from.length);
  const scales = from.map(() => 1);
  const given = givenNumbers(context, 2, "scales");
  if (given) {
    for (const [i, axis] of axes.entries()) scales[axis] = given[i]!;
    return scales;
  }
  const policy = attribute.string(node, "keep_aspect_ratio_policy", "stretch");
  const sizes = policy === "stretch" ? axes.map((axis) => to[axis]!) : givenNumbers(context, 3, "sizes")!;
  for (const [i, axis] of axes.entries()) scales[axis] = Math.fround(sizes[i]! / from[axis]!);
  if (policy === "stretch") return scales;
  const extreme = policy === "not_larger" ? Math.min : Math.max;
  const common = extreme(...axes.map((axis) => scales[axis]!));
  for (const axis of axes) scales[axis] = common;
  return scales;
}

/** The region of interest: the starts on all axes, then the ends, as fractions of the axis lengths. */
function roiOf(context: RuleContext, rank: number): number[] {
  const roi = [...Array(rank).fill(0), ...Array(rank).fill(1)] as number[];
  const mode = attribute.string(context.node, "coordinate_transformation_mode", "half_pixel");
  const given = mode === "tf_crop_and_resize" ? givenNumbers(context, 1, "roi") : undefined;
  if (!given) return roi;
  const axes = axesOf(context.node, rank);
  for (const [i, axis] of axes.entries()) {
    roi[axis] = given[i]!;
    roi[rank + axis] = given[axes.length + i]!;
  }
  return roi;
}

/** The values of an input; undefined if it is absent or empty. */
function givenNumbers(context: RuleContext, i: number, name: string): number[] | undefined {
  const value = context.inputs[i];
  return value && context.shape(value)[0] !== 0 ? constantNumbers(context, i, name) : undefined;
}

export const resize: Rules = {
  Resize: {
    gradient: resizeGradient,
    note: "every mode and attribute; `scales` and `roi` must not depend on the image; weights in the engine's float32 arithmetic",
  },
  GridSample: gridSample,
};
