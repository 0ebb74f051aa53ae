/** Undoing a broadcast: what was copied along an axis has as gradient the sum along it. */
import { float32, int64, sizeOf } from "../../base/index.js";
import type { GraphBuilder, Value } from "../../onnx/index.js";

/** Sums `gradient`, of shape `from`, over the axes along which a value of shape `to` was broadcast. */
export function unbroadcast(
  build: GraphBuilder,
  gradient: Value,
  from: readonly number[],
  to: readonly number[],
): Value {
  const lead = from.length - to.length;
  const axes = from.flatMap((dim, i) => (i < lead || (to[i - lead] === 1 && dim !== 1) ? [i] : []));
  const summed = sumOver(build, gradient, from, axes);
  return lead > 0 ? build.reshape(summed, to) : summed;
}

/**
 * Sums `value`, of the given shape, over `axes` (not negative, ascending), which stay with length 1.
 * A sum over neighbouring axes in front of or between others is a product with a row of ones: ONNX Runtime's
 * ReduceSum over the channels of one image strides through memory and takes ten times as long.
 */
export function sumOver(
  build: GraphBuilder,
  value: Value,
  shape: readonly number[],
  axes: readonly number[],
): Value {
  const long = axes.filter((axis) => shape[axis] !== 1);
  if (long.length === 0) return value;
  const [first, last] = [long[0]!, long[long.length - 1]!];
  const between = shape.slice(first, last + 1).filter((dim, i) => dim !== 1 && !long.includes(first + i));
  const [before, summed, after] = [
    sizeOf(shape.slice(0, first)),
    sizeOf(shape.slice(first, last + 1)),
    sizeOf(shape.slice(last + 1)),
  ];
  if (between.length > 0 || after === 1 || before * summed * after === 0) {
    return build.reduce("ReduceSum", value, long);
  }
  const kept = shape.map((dim, i) => (long.includes(i) ? 1 : dim));
  const blocks = build.reshape(value, before === 1 ? [summed, after] : [before, summed, after]);
  return build.reshape(build.matmul(ones(build, [1, summed]), blocks), kept);
}

const one = float32([1], [1]);

/** Ones, made by a node rather than stored, so that a written graph stays small. */
export function ones(build: GraphBuilder, shape: readonly number[]): Value {
  return build.op("ConstantOfShape", [build.constant(int64([shape.length], shape))], { value: one });
}
