/** Pooling: averages, maxima and norms over windows or the whole image. */
import { sizeOf } from "../../base/index.js";
import { attribute, type GraphBuilder, type Value } from "../../onnx/index.js";
import { axisProducts } from "../fragments/composites.js";
import { zerosOf } from "../fragments/filled.js";
import type { Gradient, RuleContext, Rules } from "../fragments/rule.js";
import { type AxisMap, transposed } from "../fragments/taps.js";
import { type Windows, windowsOf } from "../fragments/window.js";

/** The windows of a pooling node. Global pooling has one window, which covers the image. */
function poolWindows(context: RuleContext): Windows[] {
  const input = context.shape(context.inputs[0]!).slice(2);
  const output = context.shape(context.outputs[0]!).slice(2);
  return windowsOf(context.node, {
    input,
    output,
    kernel: attribute.ints(context.node, "kernel_shape", input),
  });
}

/** Indices of the input elements in window `o`, without padding. */
function reads({ input, kernel, stride, dilation, before }: Windows, o: number): number[] {
  const taps = Array.from({ length: kernel }, (_, t) => o * stride - before + t * dilation);
  return taps.filter((i) => i >= 0 && i < input);
}

/** Number of elements that window `o` averages over: those inside the image, and optionally the declared padding. */
function countOf(windows: Windows, o: number, countsPadding: boolean): number {
  const { input, kernel, stride, dilation, before, declaredAfter } = windows;
  if (!countsPadding) return reads(windows, o).length;
  const left = before + input + declaredAfter - o * stride;
  return Math.min(kernel, Math.ceil(left / dilation));
}

/** The adjoint of a weighted sum over windows: each input gets Σ g · `weight`(windows, o) over the windows o it is in. */
function spread(
  build: GraphBuilder,
  g: Value,
  context: RuleContext,
  weight: (windows: Windows, o: number) => number,
): Value {
  const shape = context.shape(context.inputs[0]!);
  const windows = poolWindows(context);
  if (windows.every(coversAll)) {
    const constant = windows.reduce((product, axis) => product * weight(axis, 0), 1);
    return build.expand(constant === 1 ? g : build.mul(g, constant), shape);
  }
  const maps = new Map(windows.map((axis, i) => [i + 2, transposed(mapOf(axis, weight))]));
  return axisProducts(build, "PoolGradient", g, context.shape(context.outputs[0]!), maps);
}

function mapOf(windows: Windows, weight: (windows: Windows, o: number) => number): AxisMap {
  const taps = Array.from({ length: windows.output }, (_, o) =>
    reads(windows, o).map((from) => ({ from, weight: weight(windows, o) })),
  );
  return { inputs: windows.input, taps };
}

function coversAll(windows: Windows): boolean {
  return windows.output === 1 && reads(windows, 0).length === windows.input;
}

/**
 * An average over a rectangle is separable, with or without padding in the count. So the adjoint is one map per axis.
 */
const averageGradient: Gradient = (context, [g], build) => {
  const countsPadding = attribute.int(context.node, "count_include_pad", 0) !== 0;
  return [spread(build, g!, context, (windows, o) => 1 / countOf(windows, o, countsPadding))];
};

/** The position of each maximum gets the gradient. Gradients of overlapping windows add up. */
const maxGradient: Gradient = (context, [g], build) => {
  const shape = context.shape(context.inputs[0]!);
  const flat = (value: Value) => build.reshape(value, [sizeOf(context.shape(context.outputs[0]!))]);
  const indices = flat(maxIndices(context, build));
  const scattered = build.op("ScatterElements", [zerosOf(build, [sizeOf(shape)]), indices, flat(g!)], {
    axis: 0,
    reduction: "add",
  });
  return [build.reshape(scattered, shape)];
};

/** Row-major positions of the maxima in the whole tensor, from the node's own output or from a second MaxPool. */
function maxIndices({ node, inputs, outputs }: RuleContext, build: GraphBuilder): Value {
  const rowMajor = attribute.int(node, "storage_order", 0) === 0;
  if (outputs[1] && rowMajor) return outputs[1];
  return build.ops("MaxPool", [inputs[0]!], 2, { ...node.attributes, storage_order: undefined })[1]!;
}

const globalMaxGradient: Gradient = (context, [g], build) => {
  const shape = context.shape(context.inputs[0]!);
  const [batch, channels] = shape as [number, number];
  const places = [batch, channels, sizeOf(shape.slice(2))];
  const found = build.op("ArgMax", [build.reshape(context.inputs[0]!, places)], { axis: 2 });
  const scattered = build.op(
    "ScatterElements",
    [zerosOf(build, places), found, build.reshape(g!, [batch, channels, 1])],
    { axis: 2 },
  );
  return [build.reshape(scattered, shape)];
};

/** y = (Σ |x|ᵖ)^(1/p): dx = sign(x)·|x|ᵖ⁻¹ · the sum over windows of g / yᵖ⁻¹. */
const normGradient: Gradient = (context, [g], build) => {
  const p = attribute.int(context.node, "p", 2);
  const x = context.inputs[0]!;
  const y = context.outputs[0]!;
  const once = () => 1;
  if (p === 1) return [build.mul(build.op("Sign", [x]), spread(build, g!, context, once))];
  // Where a norm is 0, x is 0, too. The floor keeps the quotient finite, so that the gradient is 0.
  const floored = build.max(y, 1e-30 ** (1 / (p - 1)));
  const share = spread(build, build.div(g!, p === 2 ? floored : build.pow(floored, p - 1)), context, once);
  return [build.mul(signedPower(build, x, p - 1), share)];
};

/** sign(x)·|x|ᵉ for the exponent e. */
function signedPower(build: GraphBuilder, x: Value, exponent: number): Value {
  if (exponent === 1) return x;
  if (exponent % 2 === 1) return build.pow(x, exponent);
  return build.mul(build.op("Sign", [x]), build.pow(x, exponent));
}

const firstOfTies = "the first of equal maxima in row-major order gets the gradient";

/** `indices` are the inputs' positions in the flat output. */
const unpoolGradient: Gradient = ({ inputs }, [g], build) => [
  build.op("Gather", [build.reshape(g!, [-1]), inputs[1]!]),
];

export const pooling: Rules = {
  AveragePool: {
    gradient: averageGradient,
    note: "every attribute; `auto_pad` SAME_* only without dilation",
  },
  GlobalAveragePool: { gradient: averageGradient },
  MaxPool: { gradient: maxGradient, note: firstOfTies },
  MaxUnpool: {
    gradient: unpoolGradient,
    note: "by the values; where indices repeat, every value gets the gradient at its position",
  },
  GlobalMaxPool: { gradient: globalMaxGradient, note: firstOfTies },
  LpPool: { gradient: normGradient, note: "0 where the norm is 0" },
  GlobalLpPool: { gradient: normGradient, note: "0 where the norm is 0" },
};
