/** Operator cases: normalizations. */
import { float32, randomStream, sizeOf } from "../../src/base/index.js";
import { float } from "../../src/onnx/index.js";
import type { OperatorCase } from "../helpers/operators.js";

type Shape = readonly number[];
type Attributes = NonNullable<OperatorCase["attributes"]>;

const constant = (shape: Shape) =>
  float32(shape, randomStream("normalization", ...shape).uniform(sizeOf(shape), 0.5, 1.5));

const named = (test: OperatorCase): OperatorCase => ({
  ...test,
  name: `${test.op} of ${JSON.stringify(test.inputs.map((input) => (input && "dims" in input ? "constant" : input)))} ${JSON.stringify(test.attributes ?? {})}${test.outputs ? `, ${test.outputs} outputs` : ""}`,
});

const spread = { domain: [-2, 2] } as const;

/** Image, scale and bias of a layer normalization, and the axis it starts at. */
const layers: readonly (readonly [Shape, Shape, Attributes])[] = [
  [[3, 6], [6], {}],
  [[2, 3, 5], [5], { axis: -1, epsilon: float(1e-6) }],
  [[2, 3, 5], [5], { axis: 2, epsilon: float(0.1) }],
  [[2, 3, 5], [3, 5], { axis: 1 }],
  [[2, 3, 5], [3, 5], { axis: -2 }],
  [[2, 3, 5], [2, 3, 5], { axis: 0 }],
  [[2, 3, 2, 5], [2, 5], { axis: 2 }],
  [[2, 3, 5], [1, 5], { axis: 1 }],
  [[7], [7], {}],
];

const layerNormalizations: OperatorCase[] = layers.flatMap(([x, scale, attributes]) => [
  { op: "LayerNormalization", inputs: [x, scale, scale], attributes, ...spread },
  { op: "LayerNormalization", inputs: [x, scale], attributes, ...spread },
  { op: "LayerNormalization", inputs: [x, constant(scale), constant(scale)], attributes, ...spread },
  { op: "LayerNormalization", inputs: [x, scale, scale], attributes, outputs: 3, ...spread },
]);

const rmsNormalizations: OperatorCase[] = layers.flatMap(([x, scale, attributes]) => [
  { op: "RMSNormalization", inputs: [x, scale], attributes, opset: 23, ...spread },
  { op: "RMSNormalization", inputs: [x, constant(scale)], attributes, opset: 23, ...spread },
]);

const images: readonly Shape[] = [
  [1, 4, 3, 3],
  [2, 4, 5],
  [3, 4, 2, 3, 2],
];

const channel = [4];

const channelNormalizations: OperatorCase[] = images.flatMap((x) => [
  { op: "InstanceNormalization", inputs: [x, channel, channel], ...spread },
  {
    op: "InstanceNormalization",
    inputs: [x, constant([4]), constant([4])],
    attributes: { epsilon: float(0.01) },
    ...spread,
  },
  ...[1, 2, 4].flatMap((num_groups) => [
    {
      op: "GroupNormalization",
      inputs: [x, channel, channel],
      attributes: { num_groups },
      opset: 21,
      ...spread,
    },
    {
      op: "GroupNormalization",
      inputs: [x, constant([4]), constant([4])],
      attributes: { num_groups, epsilon: float(0.01) },
      opset: 21,
      ...spread,
    },
  ]),
]);

const around = [-1, 1] as const;

const batchNormalizations: OperatorCase[] = [...images, [5, 4]].flatMap((x) =>
  [{}, { epsilon: float(0.2) }].flatMap((attributes) => [
    {
      op: "BatchNormalization",
      inputs: [x, channel, channel, channel, channel],
      attributes,
      domains: [around, around, around, around, [0.5, 2]],
    },
    {
      op: "BatchNormalization",
      inputs: [x, constant([4]), constant([4]), constant([4]), constant([4])],
      attributes,
    },
  ]),
);

const lpNormalizations: OperatorCase[] = [1, 2].flatMap((p) => [
  { op: "LpNormalization", inputs: [[6]], attributes: { p }, kinks: [0] },
  ...[-1, 0, 1, 2].map((axis) => ({
    op: "LpNormalization",
    inputs: [[2, 3, 4]],
    attributes: { p, axis },
    kinks: [0],
    ...spread,
  })),
]);

const meanVariances: OperatorCase[] = [
  { op: "MeanVarianceNormalization", inputs: [[2, 3, 3, 4]], ...spread },
  ...[[1], [2], [-1], [1, 2], [0, 1, 2], [2, 0]].map((axes) => ({
    op: "MeanVarianceNormalization",
    inputs: [[4, 3, 5]],
    attributes: { axes },
    ...spread,
  })),
];

const localResponses: OperatorCase[] = [
  { op: "LRN", inputs: [[2, 5, 2, 3]], attributes: { size: 3 } },
  ...[1, 3, 5, 9].map((size) => ({
    op: "LRN",
    inputs: [[2, 5, 2, 3]],
    attributes: { size, alpha: float(0.5), beta: float(0.6), bias: float(0.7) },
    ...spread,
  })),
];

export const normalization: readonly OperatorCase[] = [
  ...layerNormalizations,
  ...rmsNormalizations,
  ...channelNormalizations,
  ...batchNormalizations,
  ...lpNormalizations,
  ...meanVariances,
  ...localResponses,
].map(named);
