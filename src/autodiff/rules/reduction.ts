/** Reductions along axes: sums, means, norms, extremes, products; cumulative sums; TopK. */
import { int64 } from "../../base/index.js";
import { attribute, type GraphBuilder, type Value } from "../../onnx/index.js";
import { sumOver } from "../fragments/composites.js";
import type { Gradient, Rule, RuleContext, Rules } from "../fragments/rule.js";
import { constantNumbers, fromFront, indicator, inverseOrZero, sign } from "./fragments.js";

/** The values of a reduction. In `y` and `g`, the reduced axes are kept with length 1. */
interface Reduction {
  readonly x: Value;
  readonly y: Value;
  readonly g: Value;
  /** Number of elements that are reduced to one. */
  readonly count: number;
  /** Broadcasts a value with reduced axes of length 1 to the shape of x. */
  spread(value: Value): Value;
  /** Sums a value of x's shape along the reduced axes, which keep length 1. */
  sum(value: Value): Value;
}

function along(gradient: (reduced: Reduction, build: GraphBuilder) => Value, note?: string): Rule {
  return {
    gradient: (context, [g], b) => [gradient(reductionOf(context, g!, b), b)],
    ...(note !== undefined && { note }),
  };
}

function reductionOf(context: RuleContext, g: Value, b: GraphBuilder): Reduction {
  const x = context.inputs[0]!;
  const y = context.outputs[0]!;
  const shape = context.shape(x);
  const axes = reducedAxes(context, shape.length);
  const kept = shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const keep = (value: Value) => (context.shape(y).length === kept.length ? value : b.reshape(value, kept));
  return {
    x,
    y: keep(y),
    g: keep(g),
    count: axes.reduce((product, axis) => product * shape[axis]!, 1),
    spread: (value) => b.expand(value, shape),
    sum: (value) => sumOver(b, value, shape, axes),
  };
}

/** The reduced axes. If none are given: all, or none if `noop_with_empty_axes` is set. */
function reducedAxes(context: RuleContext, rank: number): number[] {
  const given = constantNumbers(context, 1, "axes") ?? [];
  if (given.length > 0) return given.map((axis) => fromFront(axis, rank)).sort((a, b) => a - b);
  const none = attribute.int(context.node, "noop_with_empty_axes", 0) !== 0;
  return none ? [] : Array.from({ length: rank }, (_, axis) => axis);
}

/** Elements equal to the extreme share the gradient in equal parts. */
function extreme({ x, y, g, sum }: Reduction, b: GraphBuilder): Value {
  const chosen = indicator(b, "Equal", x, y);
  return b.mul(chosen, b.div(g, sum(chosen)));
}

/**
 * ∂y/∂x is the product of the other elements, computed from p, the product of all nonzero elements. Without zeros it is
 * p / x. With one zero it is p at the zero and 0 elsewhere. With several zeros it is 0.
 */
function product({ x, g, sum, spread }: Reduction, b: GraphBuilder, reduce: (value: Value) => Value): Value {
  const zero = indicator(b, "Equal", x, 0);
  const nonzero = b.add(x, zero);
  const zeros = sum(zero);
  const others = b.mul(g, reduce(nonzero));
  const none = b.mul(others, indicator(b, "Equal", zeros, 0));
  const alone = b.mul(others, indicator(b, "Equal", zeros, 1));
  return b.add(b.div(spread(none), nonzero), b.mul(zero, alone));
}

const productGradient: Gradient = (context, [g], b) => {
  const reduced = reductionOf(context, g!, b);
  const axes = reducedAxes(context, context.shape(reduced.x).length);
  const attributes = { keepdims: 1, noop_with_empty_axes: 1 };
  return [product(reduced, b, (value) => b.op("ReduceProd", [value, b.ints(axes)], attributes))];
};

/** The gradient of a cumulative sum is the cumulative sum in the opposite direction. */
const runningSum: Gradient = ({ node, inputs }, [g], b) => {
  const exclusive = attribute.int(node, "exclusive", 0);
  const reverse = attribute.int(node, "reverse", 0) ? 0 : 1;
  return [b.op("CumSum", [g!, inputs[1]!], { exclusive, reverse })];
};

/** The positions of the k largest values get the gradient. */
const largest: Gradient = ({ node, inputs, outputs, shape }, [g], b) => {
  const dims = shape(inputs[0]!);
  const axis = fromFront(attribute.int(node, "axis", -1), dims.length);
  const places = outputs[1] || b.ops("TopK", inputs, 2, node.attributes)[1]!;
  const zeros = b.op("ConstantOfShape", [b.constant(int64([dims.length], dims))]);
  return [b.op("ScatterElements", [zeros, places, g!], { axis })];
};

const ties = "equal elements share the gradient in equal parts";

export const reduction: Rules = {
  ReduceSum: along(({ g, spread }) => spread(g)),
  ReduceMean: along(({ g, count, spread }, b) => spread(b.mul(g, 1 / count))),
  ReduceMax: along(extreme, ties),
  ReduceMin: along(extreme, ties),
  ReduceProd: { gradient: productGradient, note: "exact where elements are 0, too" },
  ReduceL1: along(({ x, g }, b) => b.mul(g, sign(b, x)), "0 at 0"),
  ReduceL2: along(({ x, y, g }, b) => b.mul(x, b.mul(g, inverseOrZero(b, y))), "0 where the norm is 0"),
  ReduceSumSquare: along(({ x, g }, b) => b.mul(x, b.mul(g, 2))),
  ReduceLogSum: along(({ y, g, spread }, b) => spread(b.mul(g, b.exp(b.neg(y))))),
  ReduceLogSumExp: along(({ x, y, g }, b) => b.mul(g, b.exp(b.sub(x, y)))),
  CumSum: { gradient: runningSum },
  TopK: { gradient: largest, note: "by the values; the indices have no gradient" },
};
