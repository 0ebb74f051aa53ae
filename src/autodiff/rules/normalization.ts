/** Normalizations, by computed or stored statistics. */
import { sizeOf } from "../../base/index.js";
import { attribute, float, type GraphBuilder, type Value } from "../../onnx/index.js";
import { unbroadcast } from "../fragments/broadcast.js";
import { sumOver } from "../fragments/composites.js";
import { onesOf } from "../fragments/filled.js";
import { type Gradient, type RuleContext, type Rules, unary } from "../fragments/rule.js";
import { fromFront, inverseOrZero, refuseNode } from "./fragments.js";

const epsilonOf = ({ node }: RuleContext) => attribute.float(node, "epsilon", 1e-5);

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** Values standardized to mean 0 and variance 1 along the last axes, and the factor 1/√(var + ε). */
interface Standardized {
  readonly xhat: Value;
  readonly inverse: Value;
}

/** Standardizes by LayerNormalization with scale 1, whose outputs are x̂ and the factor. */
function standardize(
  b: GraphBuilder,
  x: Value,
  shape: readonly number[],
  axis: number,
  epsilon: number,
): Standardized {
  const attributes = { axis, epsilon: float(epsilon) };
  const [xhat, , inverse] = b.ops("LayerNormalization", [x, onesOf(b, shape.slice(axis))], 3, attributes);
  return { xhat: xhat!, inverse: inverse! };
}

/** Means of ĝ and of ĝ x̂ along `axes`: the components of the gradient that standardizing removes. */
function projections(b: GraphBuilder, g: Value, xhat: Value, axes: readonly number[]) {
  return { mean: b.reduce("ReduceMean", g, axes), along: b.reduce("ReduceMean", b.mul(g, xhat), axes) };
}

/** x̂ = (x − μ) r: x̄ = r (ĝ − mean ĝ − x̂ mean(ĝ x̂)). */
function standardizedGradient(
  b: GraphBuilder,
  g: Value,
  { xhat, inverse }: Standardized,
  { mean, along }: { mean: Value; along: Value },
): Value {
  return b.mul(inverse, b.sub(b.sub(g, mean), b.mul(xhat, along)));
}

/** y = x̂ · scale + bias over the axes from `axis` on. The mean and the factor r are optional outputs. */
const layerNormalization: Gradient = (context, [g, gMean, gInverse], b) => {
  const { inputs, node, needs } = context;
  const [x, scale, bias] = inputs as [Value, Value, Value | undefined];
  const shape = context.shape(x);
  const axis = fromFront(attribute.int(node, "axis", -1), shape.length);
  const row = standardize(b, x, shape, axis, epsilonOf(context));
  const incoming = g ?? b.expand(b.scalar(0), shape);
  const onX = () => {
    const scaled = b.mul(incoming, scale);
    const parts = projections(b, scaled, row.xhat, range(axis, shape.length));
    const count = sizeOf(shape.slice(axis));
    return standardizedGradient(b, scaled, row, withStatistics(b, parts, row, count, gMean, gInverse));
  };
  return [
    needs(0) ? onX() : undefined,
    needs(1) ? unbroadcast(b, b.mul(incoming, row.xhat), shape, context.shape(scale)) : undefined,
    needs(2) ? unbroadcast(b, incoming, shape, context.shape(bias!)) : undefined,
  ];
};

/** Adds the gradients of the outputs μ and r: ∂μ/∂x = 1/n, ∂r/∂x = −r² x̂/n. */
function withStatistics(
  b: GraphBuilder,
  { mean, along }: { mean: Value; along: Value },
  { inverse }: Standardized,
  count: number,
  gMean: Value | undefined,
  gInverse: Value | undefined,
) {
  return {
    mean: gMean ? b.sub(mean, b.div(gMean, b.mul(inverse, count))) : mean,
    along: gInverse ? b.add(along, b.mul(b.mul(gInverse, inverse), 1 / count)) : along,
  };
}

/** y = x r · scale with r = 1/√(mean x² + ε): x̄ = r (ĝ − x̂ mean(ĝ x̂)). */
const rmsNormalization: Gradient = (context, [g], b) => {
  const { inputs, node, needs } = context;
  const [x, scale] = inputs as [Value, Value];
  const shape = context.shape(x);
  const axis = fromFront(attribute.int(node, "axis", -1), shape.length);
  const axes = range(axis, shape.length);
  const square = b.mul(b.reduce("ReduceSumSquare", x, axes), 1 / sizeOf(shape.slice(axis)));
  const inverse = b.op("Reciprocal", [b.sqrt(b.add(square, epsilonOf(context)))]);
  const xhat = b.mul(x, inverse);
  const onX = () => {
    const scaled = b.mul(g!, scale);
    const along = b.reduce("ReduceMean", b.mul(scaled, xhat), axes);
    return b.mul(inverse, b.sub(scaled, b.mul(xhat, along)));
  };
  return [
    needs(0) ? onX() : undefined,
    needs(1) ? unbroadcast(b, b.mul(g!, xhat), shape, context.shape(scale)) : undefined,
  ];
};

/** y = x̂ · scale + bias, with scale and bias per channel, and statistics per image and group of channels. */
function groupGradient(context: RuleContext, g: Value, b: GraphBuilder, groups: number) {
  const { inputs, needs } = context;
  const [x, scale] = inputs as [Value, Value, Value];
  const shape = context.shape(x);
  const [images, channels] = shape as [number, number];
  const pixels = sizeOf(shape.slice(2));
  const byChannel = [images, channels, pixels];
  const byGroup = [images, groups, (channels / groups) * pixels];
  const row = standardize(b, b.reshape(x, byGroup), byGroup, 2, epsilonOf(context));
  const incoming = b.reshape(g, byChannel);
  const onX = () => {
    const scaled = b.reshape(b.mul(incoming, b.reshape(scale, [channels, 1])), byGroup);
    const parts = projections(b, scaled, row.xhat, [2]);
    return b.reshape(standardizedGradient(b, scaled, row, parts), shape);
  };
  const overChannels = (value: Value) => b.reduce("ReduceSum", value, [0, 2], false);
  return [
    needs(0) ? onX() : undefined,
    needs(1) ? overChannels(b.mul(incoming, b.reshape(row.xhat, byChannel))) : undefined,
    needs(2) ? overChannels(incoming) : undefined,
  ];
}

/** y = (x − mean) r · scale + bias with stored statistics and r = 1/√(var + ε): one factor per channel. */
const batchNormalization: Gradient = (context, [g], b) => {
  const { inputs, node, needs, shape } = context;
  const [x, scale, , mean, variance] = inputs as [Value, Value, Value, Value, Value];
  if (attribute.int(node, "training_mode", 0) !== 0) {
    return refuseNode(
      node,
      "training_mode=1 normalizes by the batch: export the model for inference (model.eval())",
    );
  }
  const dims = shape(x);
  const [channels] = shape(scale) as [number];
  const perChannel = (value: Value) => b.reshape(value, [channels, ...dims.slice(2).map(() => 1)]);
  const sumPerChannel = (value: Value) =>
    b.reshape(sumOver(b, value, dims, [0, ...range(2, dims.length)]), [channels]);
  const inverse = b.op("Reciprocal", [b.sqrt(b.add(variance, epsilonOf(context)))]);
  const factor = b.mul(scale, inverse);
  const onScale = () => b.mul(inverse, sumPerChannel(b.mul(g!, b.sub(x, perChannel(mean)))));
  return [
    needs(0) ? b.mul(g!, perChannel(factor)) : undefined,
    needs(1) ? onScale() : undefined,
    needs(2) ? sumPerChannel(g!) : undefined,
    needs(3) ? b.neg(b.mul(factor, sumPerChannel(g!))) : undefined,
    needs(4) ? b.mul(b.mul(onScale(), b.mul(factor, inverse)), -0.5) : undefined,
  ];
};

interface Operands {
  readonly x: Value;
  readonly y: Value;
  readonly g: Value;
}

/** y = x/‖x‖ₚ: x̄ = (g − u Σ g y)/‖x‖, where u is y for p = 2 and sign x for p = 1. */
function lpNormalization({ x, y, g }: Operands, b: GraphBuilder, { node, shape }: RuleContext): Value {
  const dims = shape(x);
  const axis = fromFront(attribute.int(node, "axis", -1), dims.length);
  const p = attribute.int(node, "p", 2);
  const norm = b.reduce(p === 1 ? "ReduceL1" : "ReduceL2", x, [axis]);
  const outward = p === 1 ? b.op("Sign", [x]) : y;
  const along = sumOver(b, b.mul(g, y), dims, [axis]);
  return b.mul(b.sub(g, b.mul(outward, along)), inverseOrZero(b, norm));
}

/**
 * y = (x − μ)/σ over any axes. The standard adds 10⁻⁹ to σ, which is below the resolution of float32.
 * Computed from x, since y may be NaN in ONNX Runtime where the variance is 0.
 */
function meanVariance({ x, g }: Operands, b: GraphBuilder, { node, shape }: RuleContext): Value {
  const dims = shape(x);
  const given = attribute.ints(node, "axes", [0, 2, 3]);
  const axes = given.map((axis) => fromFront(axis, dims.length)).sort((a, c) => a - c);
  const count = axes.reduce((product, axis) => product * dims[axis]!, 1);
  const mean = (value: Value) => b.mul(sumOver(b, value, dims, axes), 1 / count);
  const centred = b.sub(x, mean(x));
  const inverse = inverseOrZero(b, b.sqrt(mean(b.mul(centred, centred))));
  const along = b.mul(mean(b.mul(g, centred)), b.mul(inverse, inverse));
  return b.mul(b.sub(b.sub(g, mean(g)), b.mul(centred, along)), inverse);
}

/**
 * y = x d^−β with d = bias + α · (mean of x² over a window of channels, zeros beyond the ends):
 * x̄ = g d^−β − 2αβ x · (the same window's mean of g y/d).
 */
function localResponse({ x, y, g }: Operands, b: GraphBuilder, { node, shape }: RuleContext): Value {
  const dims = shape(x);
  const size = attribute.int(node, "size", 1);
  const alpha = attribute.float(node, "alpha", 1e-4);
  const beta = attribute.float(node, "beta", 0.75);
  const reach = (size - 1) / 2;
  const window = { kernel_shape: [size, 1], pads: [reach, 0, reach, 0], count_include_pad: 1 };
  const planes = [dims[0]!, 1, dims[1]!, sizeOf(dims.slice(2))];
  const windowMean = (value: Value) =>
    b.reshape(b.op("AveragePool", [b.reshape(value, planes)], window), dims);
  const d = b.add(b.mul(windowMean(b.mul(x, x)), alpha), attribute.float(node, "bias", 1));
  const neighbours = b.mul(b.mul(x, 2 * alpha * beta), windowMean(b.div(b.mul(g, y), d)));
  return b.sub(b.mul(g, b.pow(d, -beta)), neighbours);
}

export const normalization: Rules = {
  LayerNormalization: { gradient: layerNormalization, note: "by the outputs Mean and InvStdDev, too" },
  RMSNormalization: { gradient: rmsNormalization },
  InstanceNormalization: {
    gradient: (context, [g], b) => groupGradient(context, g!, b, context.shape(context.inputs[0]!)[1]!),
  },
  GroupNormalization: {
    gradient: (context, [g], b) =>
      groupGradient(context, g!, b, attribute.int(context.node, "num_groups", 1)),
    note: "scale and bias per channel (opset 21)",
  },
  BatchNormalization: { gradient: batchNormalization, note: "in inference; training_mode=1 is refused" },
  LpNormalization: unary(lpNormalization, "0 where the norm is 0"),
  MeanVarianceNormalization: unary(meanVariance, "0 where the variance is 0"),
  LRN: unary(localResponse),
};
