/** Activation functions, and softmax. */
import { attribute, type GraphBuilder, type Node, type Value } from "../../onnx/index.js";
import { sumOver } from "../fragments/composites.js";
import { type Gradient, type RuleContext, type Rules, unary } from "../fragments/rule.js";
import { fromFront, indicator, isPositive, refuseNode, slopes } from "./fragments.js";

interface Operands {
  readonly x: Value;
  readonly y: Value;
  readonly g: Value;
}

/**
 * y = x Φ(x): ∂y/∂x = Φ(x) + x φ(x). With u = x/√2, Φ(x) = (1 + erf u)/2 and x φ(x) = u · exp(−u² − ln √π).
 * HardSigmoid computes (1 + erf u)/2 in one operator; its clamp never acts.
 */
function exactGelu({ x, g }: Operands, b: GraphBuilder): Value {
  const u = b.mul(x, Math.SQRT1_2);
  const share = b.op("HardSigmoid", [b.op("Erf", [u])], { alpha: half, beta: half });
  const density = b.exp(b.sub(-Math.log(Math.PI) / 2, b.mul(u, u)));
  return b.mul(g, b.add(share, b.mul(u, density)));
}

const half = { kind: "float", value: 0.5 } as const;

/**
 * y = x s with s = σ(2z) = (1 + tanh z)/2 and 2z = x (k + c x²): ∂y/∂x = s + y (1 − s) (k + 3c x²).
 */
function tanhGelu({ x, y, g }: Operands, b: GraphBuilder): Value {
  const k = 2 * Math.sqrt(2 / Math.PI);
  const cubic = b.mul(b.mul(x, x), k * 0.044715);
  const s = b.op("Sigmoid", [b.mul(x, b.add(cubic, k))]);
  const inner = b.add(b.mul(cubic, 3), k);
  return b.mul(g, b.add(s, b.mul(b.mul(y, b.sub(1, s)), inner)));
}

/**
 * y = x tanh(softplus x) = x n/d with w = eˣ, n = w² + 2w, d = n + 2: ∂y/∂x = (n + 4x (n − w)/d)/d.
 * x is clamped to 20: from there on the derivative is 1 in float32, and w² does not overflow.
 */
function mish({ x, g }: Operands, b: GraphBuilder): Value {
  const low = b.min(x, 20);
  const w = b.exp(low);
  const n = b.mul(w, b.add(w, 2));
  const d = b.add(n, 2);
  const rest = b.div(b.mul(b.mul(low, 4), b.sub(n, w)), d);
  return b.mul(g, b.div(b.add(n, rest), d));
}

/** y = x s with s = σ(αx): ∂y/∂x = s + α y (1 − s). */
function swish({ x, y, g }: Operands, b: GraphBuilder, { node }: RuleContext): Value {
  const alpha = attribute.float(node, "alpha", 1);
  const s = b.op("Sigmoid", [alpha === 1 ? x : b.mul(x, alpha)]);
  const rest = b.mul(y, b.sub(1, s));
  return b.mul(g, b.add(s, alpha === 1 ? rest : b.mul(rest, alpha)));
}

/** y = x h with h = x/6 + 1/2 clamped to [0, 1]: ∂y/∂x = h, plus x/6 where the clamp does not act. */
function hardSwish({ x, g }: Operands, b: GraphBuilder): Value {
  const h = b.op("HardSigmoid", [x], { alpha: { kind: "float", value: 1 / 6 }, beta: half });
  return b.mul(g, b.add(h, b.mul(b.mul(x, 1 / 6), strictlyBetween(b, h, 0, 1))));
}

/** 1 where low < x < high, else 0. */
function strictlyBetween(b: GraphBuilder, x: Value, low: number, high: number): Value {
  return b.cast(b.op("And", [b.op("Greater", [x, low]), b.op("Less", [x, high])]), "float32");
}

/** y = γ x for x > 0, γ α (eˣ − 1) otherwise: ∂y/∂x = γ for x > 0, γ α eˣ otherwise. */
function exponentialUnit({ x, y, g }: Operands, b: GraphBuilder, alpha: number, gamma: number): Value {
  if (alpha === 1 && gamma === 1) return b.mul(g, b.add(b.min(y, 0), 1));
  return b.mul(g, b.mul(b.exp(b.min(x, 0)), slopes(b, x, alpha * gamma, gamma)));
}

/** The input `slope` broadcasts to x: ∂y/∂x = slope + (1 − slope) [x > 0], ∂y/∂slope = min(x, 0). */
const parametricRelu: Gradient = ({ inputs: [x, slope], needs }, [g], b) => [
  needs(0) ? b.mul(g!, b.add(b.mul(isPositive(b, x!), b.sub(1, slope!)), slope!)) : undefined,
  needs(1) ? b.mul(g!, b.min(x!, 0)) : undefined,
];

/** y = softmax x: x̄ = y (g − Σ g y). */
function softmax({ y, g }: Operands, b: GraphBuilder, context: RuleContext): Value {
  return b.mul(y, b.sub(g, sumOverAxis(context, b.mul(g, y), b)));
}

/** y = x − log Σ eˣ: x̄ = g − eʸ Σ g. */
function logSoftmax({ y, g }: Operands, b: GraphBuilder, context: RuleContext): Value {
  return b.sub(g, b.mul(b.exp(y), sumOverAxis(context, g, b)));
}

function sumOverAxis({ node, shape }: RuleContext, value: Value, b: GraphBuilder): Value {
  const dims = shape(node.outputs[0]!);
  return sumOver(b, value, dims, [fromFront(attribute.int(node, "axis", -1), dims.length)]);
}

/** Derivative of the sigmoid by its output: y (1 − y). */
const logistic = (y: Value, b: GraphBuilder) => b.mul(y, b.sub(1, y));

function gelu(operands: Operands, b: GraphBuilder, { node }: RuleContext): Value {
  const how = attribute.string(node, "approximate", "none");
  if (how === "none") return exactGelu(operands, b);
  if (how === "tanh") return tanhGelu(operands, b);
  return refuseNode(node, `approximate="${how}" is not one of "none" and "tanh"`);
}

const float = (node: Node, name: string, fallback: number) => attribute.float(node, name, fallback);

export const activation: Rules = {
  Relu: unary(({ y, g }, b) => b.mul(g, isPositive(b, y)), "0 at 0"),
  LeakyRelu: unary(
    ({ x, g }, b, { node }) => b.mul(g, slopes(b, x, float(node, "alpha", 0.01), 1)),
    "alpha at 0",
  ),
  PRelu: { broadcasts: true, gradient: parametricRelu, note: "slope at 0" },
  ThresholdedRelu: unary(
    ({ x, g }, b, { node }) => b.mul(g, indicator(b, "Greater", x, float(node, "alpha", 1))),
    "0 at alpha",
  ),
  Shrink: unary(({ x, g }, b, { node }) => {
    const lambda = float(node, "lambd", 0.5);
    const outside = b.op("Or", [b.op("Less", [x, -lambda]), b.op("Greater", [x, lambda])]);
    return b.mul(g, b.cast(outside, "float32"));
  }, "0 at −lambd and lambd"),

  Elu: unary((v, b, { node }) => exponentialUnit(v, b, float(node, "alpha", 1), 1), "alpha at 0"),
  Selu: unary(
    (v, b, { node }) =>
      exponentialUnit(
        v,
        b,
        float(node, "alpha", 1.6732632423543772),
        float(node, "gamma", 1.0507009873554805),
      ),
    "gamma · alpha at 0",
  ),
  Celu: unary(({ y, g }, b, { node }) => b.mul(g, b.add(b.mul(b.min(y, 0), 1 / float(node, "alpha", 1)), 1))),

  Sigmoid: unary(({ y, g }, b) => b.mul(g, logistic(y, b))),
  Tanh: unary(({ y, g }, b) => b.mul(g, b.sub(1, b.mul(y, y)))),
  Softplus: unary(({ x, g }, b) => b.mul(g, b.op("Sigmoid", [x]))),
  Softsign: unary(({ x, g }, b) => {
    const size = b.add(b.op("Abs", [x]), 1);
    return b.div(g, b.mul(size, size));
  }),
  HardSigmoid: unary(
    ({ y, g }, b, { node }) => b.mul(g, b.mul(strictlyBetween(b, y, 0, 1), float(node, "alpha", 0.2))),
    "0 where it is 0 or 1",
  ),
  HardSwish: unary(hardSwish, "0 at −3, 1 at 3"),
  Gelu: unary(gelu),
  Mish: unary(mish),
  Swish: unary(swish),

  Softmax: unary(softmax),
  LogSoftmax: unary(logSoftmax),
};
