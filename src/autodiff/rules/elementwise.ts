/** Elementwise arithmetic with broadcasting. */
import { numbersOf } from "../../base/index.js";
import { type GraphBuilder, quantizedRange, type Value } from "../../onnx/index.js";
import { unbroadcast } from "../fragments/broadcast.js";
import { type Gradient, type RuleContext, type Rules, unary } from "../fragments/rule.js";
import { indicator, refuseNode, sign } from "./fragments.js";

/** Square root of the smallest normal float32. As a least divisor, it avoids 0 · ∞ in a gradient at 0. */
const tiniestRoot = 1.0842021724855044e-19;

/** ln(2/√π): as part of the exponent, it saves a multiplication in 2/√π · exp(−x²). */
const logErfSlope = Math.log(2 / Math.sqrt(Math.PI));

/** A function `(i, gradient)` that sums a gradient from the output's shape to the shape of input `i`. */
function summingTo({ inputs, outputs, shape }: RuleContext, b: GraphBuilder) {
  return (i: number, gradient: Value) => unbroadcast(b, gradient, shape(outputs[0]!), shape(inputs[i]!));
}

/** Sums over broadcast axes before negating, so that the negation applies to the smaller tensor. */
const subtraction: Gradient = (context, [g], b) => {
  const sumTo = summingTo(context, b);
  return [context.needs(0) ? sumTo(0, g!) : undefined, context.needs(1) ? b.neg(sumTo(1, g!)) : undefined];
};

/** y = a / c: ∂y/∂a = 1/c, ∂y/∂c = −y/c. */
const division: Gradient = (context, [g], b) => {
  const sumTo = summingTo(context, b);
  const quotient = b.div(g!, context.inputs[1]!);
  return [
    context.needs(0) ? sumTo(0, quotient) : undefined,
    context.needs(1) ? b.neg(sumTo(1, b.mul(quotient, context.outputs[0]!))) : undefined,
  ];
};

/** y = a − c · k with k = trunc(a / c): ∂y/∂a = 1, ∂y/∂c = −k. */
const remainder: Gradient = ({ inputs: [x, divisor], outputs: [y], needs }, [g], b) => {
  const times = () => b.op("Round", [b.div(b.sub(x!, y!), divisor!)]);
  return [g, needs(1) ? b.neg(b.mul(g!, times())) : undefined];
};

/** y = xᵖ: ∂y/∂x = p xᵖ⁻¹, ∂y/∂p = y ln x, taken as 0 where x ≤ 0. */
const power: Gradient = (context, [g], b) => [
  context.needs(0) ? powerByBase(context, g!, b) : undefined,
  context.needs(1) ? powerByExponent(context, g!, b) : undefined,
];

function powerByBase(context: RuleContext, g: Value, b: GraphBuilder): Value | undefined {
  const x = context.inputs[0]!;
  const y = context.outputs[0]!;
  const exponent = uniformExponent(context);
  if (exponent === 0) return undefined;
  if (exponent === 1) return g;
  if (exponent === 2) return b.mul(g, b.mul(x, 2));
  if (exponent === 0.5) return rootGradient(g, y, b);
  if (exponent === -1) return b.neg(b.mul(g, b.mul(y, y)));
  if (exponent !== undefined) return b.mul(g, b.mul(b.pow(x, exponent - 1), exponent));
  const p = floatExponent(context, b);
  // At p = 0 the exponent is replaced: the factor 0 times an infinite x⁻¹ would be NaN.
  const lower = b.where(b.op("Equal", [p, 0]), 1, b.sub(p, 1));
  return b.mul(g, b.mul(p, b.pow(x, lower)));
}

function powerByExponent({ inputs, outputs }: RuleContext, g: Value, b: GraphBuilder): Value {
  const x = inputs[0]!;
  const logarithm = b.log(b.where(b.op("Greater", [x, 0]), x, 1));
  return b.mul(b.mul(g, outputs[0]!), logarithm);
}

/** The exponent, if it is constant and equal for all elements. */
function uniformExponent({ inputs, constant }: RuleContext): number | undefined {
  const tensor = constant(inputs[1]);
  const numbers = tensor ? numbersOf(tensor) : [];
  return numbers.every((number) => number === numbers[0]) ? numbers[0] : undefined;
}

function floatExponent({ inputs, type }: RuleContext, b: GraphBuilder): Value {
  const p = inputs[1]!;
  return type(p) === "float32" ? p : b.cast(p, "float32");
}

/** y = √x: ∂y/∂x = 1 / 2y. At 0 it is large instead of infinite, so that a zero gradient stays zero. */
function rootGradient(g: Value, y: Value, b: GraphBuilder): Value {
  return b.div(b.mul(g, 0.5), b.max(y, tiniestRoot));
}

/** The input with the extreme value gets the gradient. Tied inputs share it in equal parts. */
const extreme: Gradient = ({ inputs, outputs, needs }, [g], b) => {
  if (inputs.length === 1) return [g];
  const chosen = inputs.map((x) => indicator(b, "Equal", x, outputs[0]!));
  const share = b.div(g!, b.op("Sum", chosen));
  return chosen.map((mask, i) => (needs(i) ? b.mul(share, mask) : undefined));
};

/** The gradient goes to x where min ≤ x ≤ max, and to the active bound elsewhere. */
const clip: Gradient = ({ inputs: [x], outputs: [y], needs }, [g], b) => {
  const where = (comparison: string) => b.mul(g!, indicator(b, comparison, x!, y!));
  return [
    needs(0) ? where("Equal") : undefined,
    needs(1) ? where("Less") : undefined,
    needs(2) ? where("Greater") : undefined,
  ];
};

/** Where: the gradients are g times the mask. The second is computed as g minus the first if both are wanted. */
const choice: Gradient = ({ inputs: [condition], needs }, [g], b) => {
  const masked = (mask: Value) => b.mul(g!, b.cast(mask, "float32"));
  const first = needs(1) ? masked(condition!) : undefined;
  if (!needs(2)) return [undefined, first];
  return [undefined, first, first ? b.sub(g!, first) : masked(b.op("Not", [condition!]))];
};

/** 1 − x² as (1 − x)(1 + x), which is accurate near 1 and −1. */
const oneMinusSquare = (x: Value, b: GraphBuilder) => b.mul(b.sub(1, x), b.add(1, x));
const onePlusSquare = (x: Value, b: GraphBuilder) => b.add(b.mul(x, x), 1);

/** Dropout is the identity in inference. Training mode is refused, since the loss would change with every drawn mask. */
const dropout: Gradient = ({ node, inputs, constant }, [g]) => {
  if (!inputs[2] || constant(inputs[2])?.data[0] === 0) return [g];
  return refuseNode(node, "is in training mode (training_mode = true): export the model for inference");
};

function castBack(
  { x, y, g }: { x: Value; y: Value; g: Value },
  b: GraphBuilder,
  { type }: RuleContext,
): Value {
  return type(x) === type(y) || quantizedRange(type(x)) ? g : b.cast(g, type(x));
}

const passOn = unary(({ g }) => g);

export const elementwise: Rules = {
  Add: { broadcasts: true, gradient: (_, [g]) => [g, g] },
  Sub: { gradient: subtraction },
  Mul: {
    broadcasts: true,
    gradient: ({ inputs: [x, y], needs }, [g], b) => [
      needs(0) ? b.mul(g!, y!) : undefined,
      needs(1) ? b.mul(g!, x!) : undefined,
    ],
  },
  Div: { gradient: division },
  Mod: { broadcasts: true, gradient: remainder, note: "floats (fmod = 1), away from the jumps" },
  Pow: {
    broadcasts: true,
    gradient: power,
    note: "the exponent's gradient is 0 where the base is not positive; x^0.5 at 0 as Sqrt",
  },
  Sum: { broadcasts: true, gradient: ({ inputs }, [g]) => inputs.map(() => g) },
  Mean: {
    broadcasts: true,
    gradient: ({ inputs }, [g], b) => Array<Value>(inputs.length).fill(b.mul(g!, 1 / inputs.length)),
  },
  Max: { broadcasts: true, gradient: extreme, note: "equal inputs share the gradient in equal parts" },
  Min: { broadcasts: true, gradient: extreme, note: "equal inputs share the gradient in equal parts" },
  Clip: { broadcasts: true, gradient: clip, note: "1 at the bounds themselves" },
  Where: { broadcasts: true, gradient: choice },

  Identity: passOn,
  Cast: unary(castBack, "between float types, and from the integers of quantisers; others pass nothing on"),
  CastLike: unary(castBack, "as Cast"),
  Dropout: { gradient: dropout, note: "at inference; training mode is refused" },

  Neg: unary(({ g }, b) => b.neg(g)),
  Abs: unary(({ x, g }, b) => b.mul(g, sign(b, x)), "0 at 0"),
  Reciprocal: unary(({ y, g }, b) => b.neg(b.mul(g, b.mul(y, y)))),
  Sqrt: unary(({ y, g }, b) => rootGradient(g, y, b), "at 0 large and finite, so that no 0 · ∞ arises"),
  Exp: unary(({ g, y }, b) => b.mul(g, y)),
  Log: unary(({ x, g }, b) => b.div(g, x)),
  Erf: unary(({ x, g }, b) => b.mul(g, b.exp(b.sub(logErfSlope, b.mul(x, x))))),

  Sin: unary(({ x, g }, b) => b.mul(g, b.op("Cos", [x]))),
  Cos: unary(({ x, g }, b) => b.neg(b.mul(g, b.op("Sin", [x])))),
  Tan: unary(({ y, g }, b) => b.mul(g, onePlusSquare(y, b))),
  Asin: unary(({ x, g }, b) => b.div(g, b.sqrt(oneMinusSquare(x, b)))),
  Acos: unary(({ x, g }, b) => b.neg(b.div(g, b.sqrt(oneMinusSquare(x, b))))),
  Atan: unary(({ x, g }, b) => b.div(g, onePlusSquare(x, b))),
  Sinh: unary(({ x, g }, b) => b.mul(g, b.op("Cosh", [x]))),
  Cosh: unary(({ x, g }, b) => b.mul(g, b.op("Sinh", [x]))),
  Asinh: unary(({ x, g }, b) => b.div(g, b.sqrt(onePlusSquare(x, b)))),
  Acosh: unary(({ x, g }, b) => b.div(g, b.sqrt(b.mul(b.sub(x, 1), b.add(x, 1))))),
  Atanh: unary(({ x, g }, b) => b.div(g, oneMinusSquare(x, b))),
};
