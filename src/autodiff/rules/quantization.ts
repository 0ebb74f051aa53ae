/** Quantisers, straight through: rounding counts as the identity, and saturation as what it is (arXiv 1308.3432). */
import { float32, invariant, numbersOf } from "../../base/index.js";
import { attribute, type GraphBuilder, quantizedRange, type Value } from "../../onnx/index.js";
import type { Gradient, RuleContext, Rules } from "../fragments/rule.js";
import { fromFront, indicator, refuseNode } from "./fragments.js";

/** A scale or zero point in the shape in which it broadcasts over the tensor `x`, as float32. */
function spread(context: RuleContext, value: Value, x: Value, build: GraphBuilder): Value {
  const { node, shape, type } = context;
  if (attribute.int(node, "block_size", 0) !== 0)
    return refuseNode(node, "has a scale for each block of elements, which no gradient passes");
  const numbers = type(value) === "float32" ? value : build.cast(value, "float32");
  const [length = 1] = shape(value);
  if (length === 1) return numbers;
  const rank = shape(x).length;
  const axis = fromFront(attribute.int(node, "axis", 1), rank);
  return build.reshape(
    numbers,
    Array.from({ length: rank }, (_, i) => (i === axis ? length : 1)),
  );
}

/** The smallest and the largest number that are rounded to an integer of the type, and not cut to it. */
function bounds(context: RuleContext, build: GraphBuilder): readonly [Value, Value] {
  const { inputs, outputs, type, constant } = context;
  const [x, scale, zero] = inputs as [Value, Value, Value | undefined];
  const range = quantizedRange(type(outputs[0]!));
  if (!range) return refuseNode(context.node, `quantises to ${type(outputs[0]!)}, which no gradient passes`);
  const ends = [range[0] - 0.5, range[1] + 0.5] as const;
  const [step, offset] = [constant(scale), zero ? constant(zero) : float32([], [0])];
  if (step?.data.length === 1 && offset?.data.length === 1) {
    const [s, z] = [numbersOf(step)[0]!, numbersOf(offset)[0]!];
    return [build.scalar((ends[0] - z) * s), build.scalar((ends[1] - z) * s)];
  }
  const at = (end: number) => {
    const steps = zero ? build.sub(end, spread(context, zero, x, build)) : build.scalar(end);
    return build.mul(steps, spread(context, scale, x, build));
  };
  return [at(ends[0]), at(ends[1])];
}

const quantize: Gradient = (context, [g], build) => {
  const [x, scale] = context.inputs as [Value, Value];
  const [low, high] = bounds(context, build);
  const inside = indicator(build, "Equal", x, build.min(build.max(x, low), high));
  return [build.mul(build.div(g!, spread(context, scale, x, build)), inside)];
};

const dequantize: Gradient = (context, [g], build) => {
  const [q, scale] = context.inputs as [Value, Value];
  return [context.needs(0) ? build.mul(g!, spread(context, scale, q, build)) : undefined];
};

/** Range and scale are taken as given: a larger one makes the integers smaller and the factor behind them larger. */
const dynamicQuantize: Gradient = ({ outputs: [, scale] }, [g], build) => {
  invariant(scale, "DynamicQuantizeLinear has a scale");
  return [g === undefined ? undefined : build.div(g, scale)];
};

const straight = "straight through rounding, 0 where the integer saturates: an estimate";

export const quantization: Rules = {
  QuantizeLinear: { gradient: quantize, note: straight },
  DequantizeLinear: { gradient: dequantize, note: "for the integers; scales are constants" },
  DynamicQuantizeLinear: { gradient: dynamicQuantize, note: "straight through rounding: an estimate" },
};
