/** Operator cases: convolution. */
import { float32, int64, randomStream, sizeOf, type Tensor } from "../../src/base/index.js";
import type { OperatorCase } from "../helpers/operators.js";

type Attributes = NonNullable<OperatorCase["attributes"]>;

/** What a kernel lies in: constants take other paths through the engine than inputs do. */
function constant(dims: readonly number[]): Tensor {
  return float32(dims, randomStream("kernel", dims.join()).uniform(sizeOf(dims), -1, 1));
}

function convolutionCase(
  op: string,
  image: readonly number[],
  kernel: readonly number[],
  attributes: Attributes = {},
  bias?: number,
): OperatorCase {
  const inputs = bias === undefined ? [image, kernel] : [image, kernel, [bias]];
  const settings = Object.entries(attributes).map(([name, value]) => `${name}=${value}`);
  return { op, inputs, attributes, name: [op, `[${image}]`, `[${kernel}]`, ...settings].join(" ") };
}

const conv = (image: readonly number[], kernel: readonly number[], attributes?: Attributes, bias?: number) =>
  convolutionCase("Conv", image, kernel, attributes, bias);

const transpose = (
  image: readonly number[],
  kernel: readonly number[],
  attributes?: Attributes,
  bias?: number,
) => convolutionCase("ConvTranspose", image, kernel, attributes, bias);

const image = [2, 4, 9, 8];
const strides = [
  [1, 1],
  [2, 2],
  [3, 1],
  [1, 2],
];
const pads = [
  [0, 0, 0, 0],
  [1, 1, 1, 1],
  [2, 0, 1, 3],
];
const dilations = [
  [1, 1],
  [2, 2],
  [1, 3],
];
/** Kernels of four image channels for one group, for two, and for one per channel. */
const grouped = [
  { kernel: [3, 4, 3, 2], group: 1 },
  { kernel: [6, 2, 3, 2], group: 2 },
  { kernel: [4, 1, 3, 2], group: 4 },
];

const products = strides.flatMap((stride) =>
  pads.flatMap((pad) =>
    dilations.flatMap((dilation) =>
      grouped.map(({ kernel, group }) =>
        conv(image, kernel, { strides: stride, pads: pad, dilations: dilation, group }),
      ),
    ),
  ),
);

const automatic = ["SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"].flatMap((auto_pad) =>
  strides.map((stride) => conv([1, 2, 8, 7], [3, 2, 2, 3], { auto_pad, strides: stride })),
);

const transposes = strides.flatMap((stride) =>
  [pads[0]!, [1, 0, 0, 1]].flatMap((pad) =>
    [dilations[0]!, [2, 1]].flatMap((dilation) =>
      grouped.map(({ group }) =>
        transpose([2, 4, 5, 4], [4, 2, 3, 2], { strides: stride, pads: pad, dilations: dilation, group }),
      ),
    ),
  ),
);

const shaped = [
  { strides: [2, 2], output_padding: [1, 0] },
  { strides: [3, 2], output_padding: [2, 1], pads: [1, 1, 0, 1] },
  { strides: [2, 2], output_shape: [10, 9] },
  { strides: [2, 2], output_shape: [8, 7], auto_pad: "SAME_UPPER" },
  { strides: [2, 2], output_shape: [8, 7], auto_pad: "SAME_LOWER" },
  { strides: [2, 2], output_shape: [12, 10], output_padding: [1, 1] },
  { strides: [2, 2], auto_pad: "SAME_UPPER" },
  { strides: [2, 2], auto_pad: "SAME_LOWER" },
  { strides: [4, 4], auto_pad: "SAME_UPPER" },
  { strides: [2, 3], auto_pad: "VALID", dilations: [2, 1] },
].map((attributes) => transpose([2, 3, 5, 4], [3, 2, 3, 3], attributes));

const dimensions = [
  conv([2, 3, 11], [4, 3, 3], { pads: [1, 2], dilations: [2] }, 4),
  conv([2, 3, 11], [4, 3, 4], { strides: [3], pads: [2, 1] }, 4),
  transpose([2, 3, 5], [3, 2, 3], { strides: [2], output_padding: [1], pads: [1, 1] }, 2),
  conv([1, 2, 5, 4, 6], [3, 2, 2, 3, 2], { strides: [1, 2, 1], pads: [0, 1, 1, 1, 1, 0] }, 3),
  conv([1, 4, 5, 4, 4], [4, 1, 3, 3, 3], { strides: [2, 1, 2], pads: [1, 1, 1, 1, 1, 1], group: 4 }),
  transpose([1, 2, 3, 3, 2], [2, 2, 2, 3, 2], { strides: [2, 1, 2] }, 2),
];

/** What real networks do. */
const typical: OperatorCase[] = [
  conv([2, 3, 13, 12], [8, 3, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }, 8),
  conv([1, 3, 15, 14], [5, 3, 7, 7], { strides: [2, 2], pads: [3, 3, 3, 3] }),
  conv([2, 3, 12, 12], [8, 3, 4, 4], { strides: [4, 4] }, 8),
  conv([2, 8, 6, 6], [6, 8, 2, 2], { strides: [2, 2] }, 6),
  conv([2, 6, 7, 5], [4, 6, 1, 1], {}, 4),
  conv([2, 6, 7, 5], [4, 3, 1, 1], { group: 2 }),
  conv([2, 6, 7, 5], [4, 6, 1, 1], { strides: [2, 2] }),
  conv([2, 6, 7, 5], [4, 6, 1, 1], { pads: [1, 1, 1, 1] }),
  conv([1, 5, 20, 20], [5, 5, 3, 3], { pads: [16, 16, 16, 16], dilations: [16, 16] }),
  conv([2, 8, 9, 9], [8, 1, 7, 7], { pads: [3, 3, 3, 3], group: 8 }, 8),
  conv([2, 4, 9, 8], [4, 1, 5, 5], { pads: [2, 1, 4, 3], dilations: [1, 2], group: 4 }, 4),
  conv([2, 4, 9, 8], [4, 1, 7, 5], { pads: [8, 2, 7, 0], group: 4 }),
  conv([1, 3, 4, 5], [3, 1, 7, 7], { pads: [3, 3, 3, 3], group: 3 }, 3),
  conv([2, 4, 11, 12], [4, 1, 5, 5], { strides: [2, 2], pads: [2, 2, 2, 2], group: 4 }),
  conv([2, 4, 11, 12], [4, 1, 5, 4], { strides: [3, 1], pads: [0, 2, 1, 1], dilations: [1, 2], group: 4 }),
  conv([2, 4, 12, 12], [4, 1, 3, 3], { strides: [2, 2], pads: [3, 3, 3, 3], dilations: [3, 3], group: 4 }),
  conv([1, 6, 5, 5], [3, 2, 3, 3], { pads: [1, 1, 1, 1], group: 3 }),
  conv([1, 2, 3, 3], [2, 2, 2, 2], { pads: [3, 2, 2, 4] }),
  conv([1, 2, 1, 1], [2, 2, 3, 3], { pads: [1, 1, 1, 1] }),
  conv([1, 2, 8, 8], [2, 2, 1, 1], { strides: [3, 3] }),
  { op: "Conv", inputs: [image, constant([6, 4, 3, 3]), constant([6])], name: "Conv constant kernel" },
  {
    op: "Conv",
    inputs: [image, constant([6, 4, 3, 3])],
    attributes: { strides: [2, 2], pads: [1, 1, 1, 1] },
    name: "Conv constant kernel, strided",
  },
  {
    op: "Conv",
    inputs: [image, constant([4, 1, 5, 5])],
    attributes: { strides: [2, 2], pads: [2, 2, 2, 2], group: 4 },
    name: "Conv constant kernel, strided depthwise",
  },
  {
    op: "Conv",
    inputs: [image, constant([4, 1, 5, 7])],
    attributes: { pads: [2, 3, 2, 3], group: 4 },
    name: "Conv constant kernel, depthwise",
  },
  { op: "Conv", inputs: [image, constant([6, 4, 1, 1])], name: "Conv constant kernel 1×1" },
  transpose([2, 4, 5, 4], [4, 3, 2, 2], { strides: [2, 2] }, 3),
  transpose([2, 4, 5, 4], [4, 1, 5, 5], { pads: [2, 1, 0, 3], group: 4 }, 4),
  transpose([2, 4, 5, 4], [4, 1, 4, 4], { strides: [2, 2], pads: [1, 1, 1, 1], group: 4 }, 4),
  {
    op: "ConvTranspose",
    inputs: [image, constant([4, 3, 2, 2]), constant([3])],
    attributes: { strides: [2, 2] },
    name: "ConvTranspose constant kernel",
  },
];

const columns = (
  shape: readonly number[],
  image: readonly number[],
  block: readonly number[],
  attributes: Attributes = {},
): OperatorCase => ({
  op: "Col2Im",
  inputs: [shape, int64([image.length], image), int64([block.length], block)],
  attributes,
  name: `Col2Im [${shape}] → [${image}] ${JSON.stringify(attributes)}`,
});

const folds: readonly OperatorCase[] = [
  columns([2, 12, 12], [4, 5], [2, 2]),
  columns([1, 18, 6], [5, 5], [3, 3], { strides: [2, 2], pads: [1, 1, 0, 1] }),
  columns([1, 8, 9], [5, 5], [2, 2], { dilations: [2, 2] }),
];

export const convolution: readonly OperatorCase[] = [
  ...products,
  ...automatic,
  ...transposes,
  ...shaped,
  ...dimensions,
  ...typical,
  ...folds,
];
