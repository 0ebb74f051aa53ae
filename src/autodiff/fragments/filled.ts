/** Zeros, ones and padding. */
import { float32 } from "../../base/index.js";
import type { GraphBuilder, Value } from "../../onnx/index.js";

const one = float32([1], [1]);

/** Zeros, made by a node rather than stored, so that a written file stays small. */
export function zerosOf(build: GraphBuilder, shape: readonly number[]): Value {
  return build.op("ConstantOfShape", [build.ints(shape)]);
}

/** Ones, made by a node rather than stored, so that a written file stays small. */
export function onesOf(build: GraphBuilder, shape: readonly number[]): Value {
  return build.op("ConstantOfShape", [build.ints(shape)], { value: one });
}

/** Adds zeros before and after each axis; negative numbers cut instead. */
export function padZeros(
  build: GraphBuilder,
  value: Value,
  before: readonly number[],
  after: readonly number[],
): Value {
  return [...before, ...after].every((pad) => pad === 0)
    ? value
    : build.op("Pad", [value, build.ints([...before, ...after])]);
}

/** `shape` with the length along `axis` replaced by `lengths`. */
export function withLength(shape: readonly number[], axis: number, ...lengths: readonly number[]): number[] {
  return [...shape.slice(0, axis), ...lengths, ...shape.slice(axis + 1)];
}
