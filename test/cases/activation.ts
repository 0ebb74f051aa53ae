/** Operator cases: activation functions, and softmax. */
import { float32 } from "../../src/base/index.js";
import { float } from "../../src/onnx/index.js";
import type { OperatorCase } from "../helpers/operators.js";

const wide = { domain: [-4, 4] } as const;

/** The operator with each set of attributes, on a vector and on an image. */
const activations = (
  op: string,
  settings: readonly Partial<OperatorCase>[] = [{}],
  rest: Partial<OperatorCase> = {},
): OperatorCase[] =>
  settings.flatMap((setting) =>
    [[17], [2, 3, 4, 5]].map((shape) => ({
      op,
      name: `${op} ${JSON.stringify(setting)} of [${shape}]`,
      inputs: [shape],
      ...wide,
      ...rest,
      ...setting,
    })),
  );

const alphas = (...values: number[]) => values.map((alpha) => ({ attributes: { alpha: float(alpha) } }));
const atZero = { kinks: [0] };

/** Slope shapes that broadcast to the image: one, per channel, per pixel, per column, all. */
const slopeShapes = [[], [1], [3, 1, 1], [1, 3, 1, 1], [4, 5], [5], [2, 3, 4, 5]];

const softmaxes = (op: string): OperatorCase[] => [
  ...[[6], [3, 5], [2, 3, 4, 5], [1, 7, 4, 3], [4, 1]].flatMap((shape) =>
    [undefined, ...shape.flatMap((_, axis) => [axis, axis - shape.length])].map((axis) => ({
      op,
      name: `${op} of [${shape}] along ${axis}`,
      inputs: [shape],
      attributes: { axis },
      domain: [-2, 2] as const,
    })),
  ),
];

export const activation: readonly OperatorCase[] = [
  ...activations("Relu", [{}], atZero),
  ...activations("LeakyRelu", [{}, ...alphas(0.3, 0, 1, 2, -0.5)], atZero),
  ...slopeShapes.map((slope) => ({ op: "PRelu", inputs: [[2, 3, 4, 5], slope], ...wide, ...atZero })),
  {
    op: "PRelu",
    name: "PRelu, constant slopes",
    inputs: [[2, 3, 4], float32([3, 1], [0.25, -1, 2])],
    ...wide,
    ...atZero,
  },
  { op: "PRelu", name: "PRelu of a constant", inputs: [float32([2, 2], [-1, 1, -2, 0]), [1, 1]] },
  ...activations("ThresholdedRelu", [
    { kinks: [1] },
    ...[0.5, 0, -1].map((alpha) => ({ attributes: { alpha: float(alpha) }, kinks: [alpha] })),
  ]),
  ...activations("Shrink", [
    { kinks: [-0.5, 0.5] },
    { attributes: { lambd: float(1.5), bias: float(0.7) }, kinks: [-1.5, 1.5] },
  ]),
  ...activations("Elu", [{}, ...alphas(0.5, 2.5)], atZero),
  ...activations(
    "Selu",
    [{}, { attributes: { alpha: float(2), gamma: float(3) } }, { attributes: { gamma: float(0.5) } }],
    atZero,
  ),
  ...activations("Celu", [{}, ...alphas(0.5, 2.5)], atZero),
  ...activations("Sigmoid"),
  ...activations("Tanh"),
  ...activations("Softplus"),
  ...activations("Softsign", [{}], atZero),
  ...activations("HardSigmoid", [
    { kinks: [-2.5, 2.5] },
    { attributes: { alpha: float(0.5), beta: float(0.25) }, kinks: [-0.5, 1.5] },
    { attributes: { alpha: float(-0.5) }, kinks: [-1, 1] },
  ]),
  ...activations("HardSwish", [{ kinks: [-3, 3] }]),
  ...activations(
    "Gelu",
    [{}, { attributes: { approximate: "none" } }, { attributes: { approximate: "tanh" } }],
    {
      opset: 20,
    },
  ),
  ...activations("Mish"),
  ...activations("Swish", [{}, ...alphas(1.7)], { opset: 24 }),
  ...["Softmax", "LogSoftmax"].flatMap(softmaxes),
];
