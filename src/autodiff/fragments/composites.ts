/**
 * Composite operators, which gradient rules write where the best standard operators depend on the engine. Attributes hold
 * shapes and sizes. `compile/lower` writes each composite operator for a target.
 */
import { invariant } from "../../base/index.js";
import { attribute, floats, type GraphBuilder, type Node, type Value } from "../../onnx/index.js";
import { type AxisMap, isIdentity, type Tap } from "./taps.js";
import type { Convolution, Windows } from "./window.js";

/** Every composite operator of gradient rules, and what it computes. */
export const composites = {
  AxisProducts: "applies a sparse linear map along each of some axes",
  ResizeGradient: "AxisProducts that undo an interpolation",
  PoolGradient: "AxisProducts that spread sums over windows",
  SumOver: "sums over axes, which stay with length 1",
  AddAt: "adds rows at the indices that they were picked from",
  Convolution: "image, kernel ↦ result",
  ConvolutionInputGradient: "gradient of the result, kernel ↦ gradient of the image",
  ConvolutionKernelGradient: "image, gradient of the result ↦ gradient of the kernel",
  IsPositive: "1 where x > 0, 0 elsewhere (any number between 0 and 1 for subnormal x)",
  SignOf: "−1, 0 or 1 (any number between for subnormal x)",
} as const;

export type CompositeOperator = keyof typeof composites;

/** Operators that apply one map per axis. */
export type AxisOperator = "AxisProducts" | "ResizeGradient" | "PoolGradient";

/** The operand of an axis operator and its maps. */
export interface AxisProducts {
  /** Static shape of the operand. */
  readonly shape: readonly number[];
  /** One map per mapped axis, from lines of the operand's length. */
  readonly maps: ReadonlyMap<number, AxisMap>;
}

/** Applies one map per axis to `value`, which has the given static shape. */
export function axisProducts(
  build: GraphBuilder,
  operator: AxisOperator,
  value: Value,
  shape: readonly number[],
  maps: ReadonlyMap<number, AxisMap>,
): Value {
  const list = [...maps.values()];
  if (list.every(isIdentity)) return value;
  const taps = list.flatMap((map) => map.taps);
  return build.composite(operator, [value], {
    shape,
    axes: [...maps.keys()],
    inputs: list.map((map) => map.inputs),
    outputs: list.map((map) => map.taps.length),
    counts: taps.map((terms) => terms.length),
    from: taps.flat().map((tap) => tap.from),
    weights: floats(taps.flat().map((tap) => tap.weight)),
  });
}

/** The operands of an axis operator. */
export function axisProductsOf(node: Node): AxisProducts {
  const [inputs, outputs, counts, from] = ["inputs", "outputs", "counts", "from"].map((name) =>
    attribute.ints(node, name, []),
  ) as [readonly number[], readonly number[], readonly number[], readonly number[]];
  const weights = attribute.floats(node, "weights", []);
  let [output, tap] = [0, 0];
  const nextTaps = (): Tap[] =>
    Array.from({ length: counts[output++]! }, () => ({ from: from[tap]!, weight: weights[tap++]! }));
  const maps = attribute.ints(node, "axes", []).map((axis, i) => {
    const taps = Array.from({ length: outputs[i]! }, nextTaps);
    return [axis, { inputs: inputs[i]!, taps }] as const;
  });
  return { shape: attribute.ints(node, "shape", []), maps: new Map(maps) };
}

/** Rows to add: an operand [outer, count, inner] becomes [outer, length, inner]. */
export interface Addition {
  readonly rows: readonly [outer: number, count: number, inner: number];
  readonly length: number;
  /** Index of each row; undefined if the indices are computed (the node's second input). */
  readonly indices: readonly number[] | undefined;
}

/**
 * The adjoint of picking along the middle axis: `g`, [outer, count, inner], is summed at the indices that it was
 * picked from.
 * @param indices one per row, from 0 to length − 1, or the int64 value that holds them
 */
export function addAt(
  build: GraphBuilder,
  g: Value,
  rows: Addition["rows"],
  indices: readonly number[] | Value,
  length: number,
): Value {
  return typeof indices === "string"
    ? build.composite("AddAt", [g, indices], { rows, length })
    : build.composite("AddAt", [g], { rows, length, indices });
}

/** The sizes of an `AddAt`. */
export function additionOf(node: Node): Addition {
  const rows = attribute.ints(node, "rows", []);
  invariant(rows.length === 3, "AddAt without rows");
  return {
    rows: rows as unknown as Addition["rows"],
    length: attribute.int(node, "length", 0),
    indices: attribute.optionalInts(node, "indices"),
  };
}

/** One of the three maps of a convolution; `left` and `right` are its operands as `composites` lists them. */
export function convolutionMap(
  build: GraphBuilder,
  operator: "Convolution" | "ConvolutionInputGradient" | "ConvolutionKernelGradient",
  left: Value,
  right: Value,
  { batch, groups, inner, outer, windows }: Convolution,
): Value {
  const attributes = { batch, groups, inner, outer, windows: windows.flatMap(windowNumbers) };
  return build.composite(operator, [left, right], attributes);
}

/** The sizes of a convolution's map. */
export function convolutionSizes(node: Node): Convolution {
  const [batch, groups, inner, outer] = ["batch", "groups", "inner", "outer"].map((name) =>
    attribute.int(node, name, 1),
  ) as [number, number, number, number];
  const numbers = attribute.ints(node, "windows", []);
  const count = numbers.length / windowFields.length;
  const windows = Array.from({ length: count }, (_, i) => {
    const fields = windowFields.map((field, j) => [field, numbers[i * windowFields.length + j]!] as const);
    return Object.fromEntries(fields) as unknown as Windows;
  });
  return { batch, groups, inner, outer, windows };
}

const windowFields = [
  "input",
  "output",
  "kernel",
  "stride",
  "dilation",
  "before",
  "after",
  "declaredAfter",
] as const satisfies readonly (keyof Windows)[];

function windowNumbers(windows: Windows): number[] {
  return windowFields.map((field) => windows[field]);
}

/** Sums `value`, of the given static shape, over `axes` (not negative, ascending), which stay with length 1. */
export function sumOver(
  build: GraphBuilder,
  value: Value,
  shape: readonly number[],
  axes: readonly number[],
): Value {
  const long = axes.filter((axis) => shape[axis] !== 1);
  return long.length === 0 ? value : build.composite("SumOver", [value], { shape, axes: long });
}

/** The sizes of a `SumOver`; every axis is longer than 1, or empty. */
export function sumOf(node: Node): { readonly shape: readonly number[]; readonly axes: readonly number[] } {
  return { shape: attribute.ints(node, "shape", []), axes: attribute.ints(node, "axes", []) };
}
