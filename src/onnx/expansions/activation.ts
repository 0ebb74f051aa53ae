/** Activations of ONNX Runtime's own domain, alone and as the last step of a fused operator. */
import { attribute } from "../graph/attributes.js";
import type { Value } from "../graph/graph.js";
import { addUp, type Expansion, type ExpansionContext, notExpanded } from "./expansion.js";

/** x·Φ(x), by the error function. */
export function gelu({ build, scalar }: ExpansionContext, x: Value): Value {
  const erf = build.op("Erf", [build.mul(x, scalar(Math.SQRT1_2, x))]);
  return build.mul(build.mul(x, scalar(0.5, x)), build.add(erf, scalar(1, x)));
}

/** The approximation of Gelu by tanh (Hendrycks and Gimpel 2016). */
function geluByTanh({ build, scalar }: ExpansionContext, x: Value): Value {
  const cube = build.mul(build.mul(x, x), x);
  const inner = build.mul(
    build.add(x, build.mul(cube, scalar(0.044715, x))),
    scalar(Math.sqrt(2 / Math.PI), x),
  );
  return build.mul(build.mul(x, scalar(0.5, x)), build.add(build.op("Tanh", [inner]), scalar(1, x)));
}

/** x·σ(αx). */
export function swish({ build, scalar }: ExpansionContext, x: Value, alpha = 1): Value {
  const scaled = alpha === 1 ? x : build.mul(x, scalar(alpha, x));
  return build.mul(x, build.op("Sigmoid", [scaled]));
}

const biased = ({ build, required, optional }: ExpansionContext) => addUp(build, required(0), optional(1));

/** The left half of the last axis times Gelu of the right half, after a bias. */
const biasSplitGelu: Expansion = (context) => {
  const { build } = context;
  const [left, right] = build.ops("Split", [biased(context)], 2, { axis: -1, num_outputs: 2 });
  return [build.mul(left!, gelu(context, right!))];
};

export const activations: Readonly<Record<string, Expansion>> = {
  Gelu: (context) => [gelu(context, context.required(0))],
  BiasGelu: (context) => [gelu(context, biased(context))],
  FastGelu: (context) => [geluByTanh(context, biased(context))],
  QuickGelu: (context) => [
    swish(context, context.required(0), attribute.float(context.node, "alpha", 1.702)),
  ],
  BiasSplitGelu: biasSplitGelu,
  BiasAdd: ({ build, required, optional }) => [addUp(build, required(0), required(1), optional(2))],
};

type Parameters = readonly (number | undefined)[];

/** Activations that fused operators name in an attribute, with their parameters in order. */
const fused: Readonly<
  Record<string, (context: ExpansionContext, x: Value, parameters: Parameters) => Value>
> = {
  Relu: ({ build }, x) => build.op("Relu", [x]),
  Tanh: ({ build }, x) => build.op("Tanh", [x]),
  Sigmoid: ({ build }, x) => build.op("Sigmoid", [x]),
  LeakyRelu: ({ build, scalar }, x, [alpha = 0.01]) => build.op("PRelu", [x, scalar(alpha, x)]),
  Clip: ({ build, scalar }, x, [low, high]) =>
    build.op("Clip", [x, low === undefined ? "" : scalar(low, x), high === undefined ? "" : scalar(high, x)]),
  HardSigmoid: ({ build, scalar }, x, [alpha = 0.2, beta = 0.5]) =>
    build.op("Clip", [
      build.add(build.mul(x, scalar(alpha, x)), scalar(beta, x)),
      scalar(0, x),
      scalar(1, x),
    ]),
};

/**
 * Appends the activation that a fused operator names in its attribute `activation`; none where it names none.
 * @throws SeawallError `unsupported` for an activation that is not listed here
 */
export function fusedActivation(context: ExpansionContext, x: Value, parameters: Parameters): Value {
  const name = attribute.string(context.node, "activation", "");
  if (name === "") return x;
  const write = Object.hasOwn(fused, name) ? fused[name] : undefined;
  if (write === undefined) throw notExpanded(context.node, `its activation is ${name}`);
  return write(context, x, parameters);
}
