/** Normalizations of ONNX Runtime's own domain, fused with the sum before them. */
import { attribute, float } from "../graph/attributes.js";
import type { Value } from "../graph/graph.js";
import { swish } from "./activation.js";
import { addUp, type Expansion, type ExpansionContext, notExpanded, rankOf } from "./expansion.js";

/** LayerNormalization of input + skip + bias, over the last axis; the sum is the fourth output. */
const skipLayerNormalization: Expansion = ({ build, node, required, optional }) => {
  const sum = addUp(build, required(0), required(1), optional(4));
  const beta = optional(3);
  const inputs = [sum, required(2), ...(beta === undefined ? [] : [beta])];
  const [normal, mean, inverse] = build.ops("LayerNormalization", inputs, 3, {
    axis: -1,
    epsilon: float(attribute.float(node, "epsilon", 1e-12)),
  });
  return [normal, mean, inverse, sum];
};

/** x / √(mean x² + ε) · scale over the axes from `axis` on: the value and the inverse root. */
function rootMeanSquare(context: ExpansionContext, x: Value, scale: Value, axis: number, epsilon: number) {
  const { build, scalar } = context;
  const axes = axis === -1 ? [-1] : Array.from({ length: rankOf(context, x) - axis }, (_, i) => axis + i);
  const power = build.reduce("ReduceMean", build.mul(x, x), axes);
  const inverse = build.op("Reciprocal", [build.sqrt(build.add(power, scalar(epsilon, x)))]);
  return [build.mul(build.mul(x, inverse), scale), inverse] as const;
}

const simplifiedLayerNormalization: Expansion = (context) => {
  const { node, required } = context;
  const axis = attribute.int(node, "axis", -1);
  return rootMeanSquare(context, required(0), required(1), axis, attribute.float(node, "epsilon", 1e-5));
};

const skipSimplifiedLayerNormalization: Expansion = (context) => {
  const { build, node, required, optional } = context;
  const sum = addUp(build, required(0), required(1), optional(3));
  const epsilon = attribute.float(node, "epsilon", 1e-12);
  const [normal, inverse] = rootMeanSquare(context, sum, required(2), -1, epsilon);
  return [normal, undefined, inverse, sum];
};

/** Group normalization of N×H×W×C (or N×C×H×W) with one scale and bias per channel, then SiLU where asked. */
function groupNormalization(context: ExpansionContext, x: Value, gamma: Value, beta: Value): Value {
  const { build, node, scalar } = context;
  const rank = rankOf(context, x);
  const last = attribute.int(node, "channels_last", 1) === 1;
  const spatial = Array.from({ length: rank - 2 }, (_, i) => i + 1);
  const first = last ? build.transpose(x, [0, rank - 1, ...spatial]) : x;
  const grouped = build.op("Reshape", [first, build.ints([0, attribute.int(node, "groups", 1), -1])]);
  const centred = build.sub(grouped, build.reduce("ReduceMean", grouped, [2]));
  const variance = build.reduce("ReduceMean", build.mul(centred, centred), [2]);
  const epsilon = scalar(attribute.float(node, "epsilon", 1e-5), x);
  const normal = build.div(centred, build.sqrt(build.add(variance, epsilon)));
  const unscaled = build.op("Reshape", [normal, build.op("Shape", [first])]);
  const perChannel = (value: Value) => build.reshape(value, [-1, ...spatial.map(() => 1)]);
  const scaled = build.add(build.mul(unscaled, perChannel(gamma)), perChannel(beta));
  const laidOut = last ? build.transpose(scaled, [0, ...spatial.map((axis) => axis + 1), 1]) : scaled;
  return attribute.int(node, "activation", 0) === 1 ? swish(context, laidOut) : laidOut;
}

const groupNorm: Expansion = (context) => {
  const { required } = context;
  return [groupNormalization(context, required(0), required(1), required(2))];
};

/** The skip input is added first; one of N×C reaches every pixel only in a form that is refused. */
const skipGroupNorm: Expansion = (context) => {
  const { build, node, required, optional } = context;
  if (rankOf(context, required(3)) !== rankOf(context, required(0)))
    throw notExpanded(node, "its skip input has another rank than its image");
  const sum = addUp(build, required(0), required(3), optional(4));
  return [groupNormalization(context, sum, required(1), required(2)), sum];
};

export const normalizations: Readonly<Record<string, Expansion>> = {
  SkipLayerNormalization: skipLayerNormalization,
  SimplifiedLayerNormalization: simplifiedLayerNormalization,
  SkipSimplifiedLayerNormalization: skipSimplifiedLayerNormalization,
  GroupNorm: groupNorm,
  SkipGroupNorm: skipGroupNorm,
};
