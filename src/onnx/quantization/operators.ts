/** What operators on quantised tensors mean for the real numbers that these stand for. */
import type { DataType } from "../../base/index.js";
import { attribute } from "../graph/attributes.js";
import type { GraphBuilder } from "../graph/builder.js";
import type { Attributes, Node, Value } from "../graph/graph.js";
import type { Quantizer, Real, Scheme } from "./real.js";

/** What a meaning may ask and use. */
export interface MeaningContext {
  readonly node: Node;
  /** Writes nodes on real numbers. */
  readonly build: GraphBuilder;
  readonly quantizer: Quantizer;
  /**
   * The scheme that two inputs of the node give.
   * @param tensor the input that has it, where there may be a scale for each index of `axis` (default 1)
   * @throws SeawallError `unsupported` for several scales where there may be one only
   */
  scheme(scale: number | Value, zero: number, tensor?: number, axis?: number): Scheme;
  /** The real numbers of input `i`, read under a scheme. */
  real(i: number, scheme: Scheme): Value;
  /** Input `i`, or undefined where it is left out. */
  optional(i: number): Value | undefined;
  /** Element type of a value of the graph that is read. */
  type(value: Value): DataType;
  rank(value: Value): number;
  /** False: integers stand for numbers that were clipped and not rounded. */
  readonly rounds: boolean;
}

/** Real numbers of each output, with their scheme where the output is quantised. */
export type Meaning = (context: MeaningContext) => readonly (Value | Real)[];

/** Rounds the result to the scheme of the node's output. */
function rounded(context: MeaningContext, x: Value, scale: number, zero: number): readonly Real[] {
  const { quantizer, node, type, scheme } = context;
  return [quantizer.quantized(x, type(node.outputs[0]!), scheme(scale, zero))];
}

function without(attributes: Attributes, ...names: readonly string[]): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.includes(name)));
}

const quantize: Meaning = (context) => {
  const { node, quantizer, scheme, type } = context;
  const { output_dtype } = node.attributes;
  const own = scheme(1, 2, 0, attribute.int(node, "axis", 1));
  // Without a zero point, this attribute alone tells the type.
  const attributes = { ...own.attributes, ...(output_dtype && { output_dtype }) };
  return [quantizer.quantized(node.inputs[0]!, type(node.outputs[0]!), { ...own, attributes })];
};

const dequantize: Meaning = ({ node, real, scheme }) => [
  real(0, scheme(1, 2, 0, attribute.int(node, "axis", 1))),
];

/**
 * Range and scale are those of the image at hand. The gradient takes them as given: a longer step makes the integers
 * smaller and the factor behind them larger, which cancels.
 */
function measured(
  { build, quantizer, rounds }: MeaningContext,
  x: Value,
): { real: Real; scale: Value; zero: Value } {
  const [q, scale, zero] = build.ops("DynamicQuantizeLinear", [x], 3) as [Value, Value, Value];
  const scheme: Scheme = { scale: build.scalar(1), zero, attributes: {} };
  const value = rounds ? quantizer.dequantized(q, "uint8", scheme) : build.div(x, scale);
  return { real: { value, type: "uint8", scheme }, scale, zero };
}

const dynamicQuantize: Meaning = (context) => {
  const { real, scale, zero } = measured(context, context.node.inputs[0]!);
  return [real, scale, zero];
};

/** Sums of products of integers, as float32: exact up to 2²⁴. */
function sums(context: MeaningContext, value: Value): readonly Real[] {
  return [
    { type: "int32", value, scheme: { scale: context.build.scalar(1), zero: undefined, attributes: {} } },
  ];
}

/** The integers of input `i` minus those of a zero point. */
function shifted({ build, scheme, real }: MeaningContext, i: number, zero: number, axis?: number): Value {
  return real(i, scheme(build.scalar(1), zero, i, axis));
}

const convInteger: Meaning = (context) =>
  sums(
    context,
    context.build.op("Conv", [shifted(context, 0, 2), shifted(context, 1, 3, 0)], context.node.attributes),
  );

const matMulInteger: Meaning = (context) =>
  sums(context, integerProduct(context, shifted(context, 0, 2, -2), 3));

/** A · B for integers A that are given, with B as input 1. */
function integerProduct(context: MeaningContext, a: Value, zero: number): Value {
  return context.build.matmul(a, shifted(context, 1, zero, -1));
}

/** (A · B) · scale of A · scale of B + bias. */
function scaledProduct(
  { build, optional }: MeaningContext,
  product: Value,
  scaleA: Value,
  scaleB: Value,
  bias: number,
): readonly Value[] {
  const scaled = build.mul(product, build.mul(scaleA, scaleB));
  const added = optional(bias);
  return [added === undefined ? scaled : build.add(scaled, added)];
}

const matMulIntegerToFloat: Meaning = (context) => {
  const { inputs } = context.node;
  const product = integerProduct(context, shifted(context, 0, 4, -2), 5);
  return scaledProduct(context, product, inputs[2]!, inputs[3]!, 6);
};

const dynamicQuantizeMatMul: Meaning = (context) => {
  const { inputs } = context.node;
  const { real, scale } = measured(context, inputs[0]!);
  return scaledProduct(context, integerProduct(context, real.value, 3), scale, inputs[2]!, 4);
};

/** The bias of a product, in steps of the product of both scales. */
function bias(
  { build, node, optional }: MeaningContext,
  i: number,
  left: number,
  right: number,
): Value | undefined {
  const integers = optional(i);
  if (integers === undefined) return undefined;
  return build.mul(build.cast(integers, "float32"), build.mul(node.inputs[left]!, node.inputs[right]!));
}

const qlinearConv: Meaning = (context) => {
  const { build, node, real, scheme } = context;
  const added = bias(context, 8, 1, 4);
  const product = build.op(
    "Conv",
    [real(0, scheme(1, 2)), real(3, scheme(4, 5, 3, 0)), ...(added === undefined ? [] : [added])],
    without(node.attributes, "channels_last"),
  );
  return rounded(context, product, 6, 7);
};

const qlinearMatMul: Meaning = (context) => {
  const { build, real, scheme } = context;
  return rounded(context, build.matmul(real(0, scheme(1, 2, 0, -2)), real(3, scheme(4, 5, 3, -1))), 6, 7);
};

/** α·A·B + C. The result is quantised if a scale is given for it. */
const qgemm: Meaning = (context) => {
  const { build, node, real, scheme, optional } = context;
  const alpha = attribute.float(node, "alpha", 1);
  const columns = attribute.int(node, "transB", 0) === 1 ? 0 : 1;
  const attributes = without(node.attributes, "alpha");
  const product = build.op("Gemm", [real(0, scheme(1, 2)), real(3, scheme(4, 5, 3, columns))], attributes);
  const scaled = alpha === 1 ? product : build.mul(product, alpha);
  const steps = bias(context, 6, 1, 4);
  const offset = steps === undefined || alpha === 1 ? steps : build.mul(steps, alpha);
  const sum = offset === undefined ? scaled : build.add(scaled, offset);
  return optional(7) === undefined ? [sum] : rounded(context, sum, 7, 8);
};

/** An operator on inputs (tensor, scale, zero) and the output's scale and zero: `write` computes on real numbers. */
function unary(write: (x: Value, context: MeaningContext) => Value): Meaning {
  return (context) => rounded(context, write(context.real(0, context.scheme(1, 2)), context), 3, 4);
}

/** An operator on two tensors. */
function binary(write: (a: Value, b: Value, build: GraphBuilder) => Value): Meaning {
  return (context) => {
    const { build, real, scheme } = context;
    return rounded(context, write(real(0, scheme(1, 2)), real(3, scheme(4, 5)), build), 6, 7);
  };
}

/** Pooling N×C×…, or N×…×C with `channels_last`. */
function pooling(op: string): Meaning {
  return unary((x, { build, node, rank }) => {
    const last = attribute.int(node, "channels_last", 0) === 1;
    const axes = Array.from({ length: rank(node.inputs[0]!) }, (_, axis) => axis);
    const first = last ? build.transpose(x, [0, axes.length - 1, ...axes.slice(1, -1)]) : x;
    const pooled = build.op(op, [first], without(node.attributes, "channels_last"));
    return last ? build.transpose(pooled, [0, ...axes.slice(2), 1]) : pooled;
  });
}

/** Inputs: scale and zero of the output, then tensor, scale and zero of each part. */
const concat: Meaning = (context) => {
  const { build, node, real, scheme } = context;
  const parts = Array.from({ length: (node.inputs.length - 2) / 3 }, (_, i) => {
    const at = 2 + 3 * i;
    return real(at, scheme(at + 1, at + 2));
  });
  return rounded(context, build.op("Concat", parts, node.attributes), 0, 1);
};

/** Up to opset 12, the axes from `axis` on are one. */
const softmax: Meaning = unary((x, { build, node, rank }) => {
  const axis = attribute.int(node, "axis", -1);
  const flattens = attribute.int(node, "opset", 13) < 13;
  const axes = Array.from({ length: rank(node.inputs[0]!) }, (_, i) => i);
  const from = axis < 0 ? axis + axes.length : axis;
  if (!flattens || from === axes.length - 1) return build.op("Softmax", [x], { axis });
  const shape = build.op("Shape", [x]);
  const flat = build.op("Flatten", [x], { axis });
  return build.op("Reshape", [build.op("Softmax", [flat], { axis: 1 }), shape]);
});

const where: Meaning = (context) => {
  const { build, node, real, scheme } = context;
  return rounded(context, build.where(node.inputs[0]!, real(1, scheme(2, 3)), real(4, scheme(5, 6))), 7, 8);
};

/** Operators of ONNX on quantised tensors. */
const standard = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: dynamicQuantize,
  QLinearConv: qlinearConv,
  QLinearMatMul: qlinearMatMul,
  ConvInteger: convInteger,
  MatMulInteger: matMulInteger,
} as const satisfies Readonly<Record<string, Meaning>>;

/** Those of ONNX Runtime. */
const microsoft = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  QLinearConv: qlinearConv,
  QLinearAdd: binary((a, b, build) => build.add(a, b)),
  QLinearMul: binary((a, b, build) => build.mul(a, b)),
  QLinearSigmoid: unary((x, { build }) => build.op("Sigmoid", [x])),
  QLinearLeakyRelu: unary((x, { build, node }) => build.op("LeakyRelu", [x], node.attributes)),
  QLinearAveragePool: pooling("AveragePool"),
  QLinearGlobalAveragePool: pooling("GlobalAveragePool"),
  QLinearConcat: concat,
  QLinearSoftmax: softmax,
  QLinearWhere: where,
  QGemm: qgemm,
  DynamicQuantizeMatMul: dynamicQuantizeMatMul,
  MatMulIntegerToFloat: matMulIntegerToFloat,
} as const satisfies Readonly<Record<string, Meaning>>;

/** The meanings, by domain and operator. */
const meanings: Readonly<Record<string, Readonly<Record<string, Meaning>>>> = {
  "": standard,
  "com.microsoft": microsoft,
};

/** The meaning of a node; undefined if it is no operator of quantised models. */
export function meaningOf({ domain, op }: Node): Meaning | undefined {
  const table = Object.hasOwn(meanings, domain) ? meanings[domain]! : {};
  return Object.hasOwn(table, op) ? table[op] : undefined;
}

/** Whether a node reads integers that stand for real numbers. */
export function readsQuantized(node: Node): boolean {
  return !reals.has(node.op) && meaningOf(node) !== undefined;
}

/** The operators among them whose input is real. */
const reals = new Set(["QuantizeLinear", "DynamicQuantizeLinear", "DynamicQuantizeMatMul"]);

/** Whether a node brings real numbers to integers. */
export function rounds(node: Node): boolean {
  return node.op !== "DequantizeLinear" && meaningOf(node) !== undefined;
}
