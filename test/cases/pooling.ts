/** Operator cases: pooling. */
import { int64 } from "../../src/base/index.js";
import type { OperatorCase } from "../helpers/operators.js";

type Attributes = NonNullable<OperatorCase["attributes"]>;

function pool(
  op: string,
  image: readonly number[],
  attributes: Attributes = {},
  rest: Partial<OperatorCase> = {},
) {
  const settings = Object.entries(attributes).map(([name, value]) => `${name}=${value}`);
  return { op, inputs: [image], attributes, name: [op, `[${image}]`, ...settings].join(" "), ...rest };
}

const image = [2, 3, 9, 8];
const windows: Attributes[] = [
  { kernel_shape: [2, 2], strides: [2, 2] },
  { kernel_shape: [3, 2], strides: [2, 2] },
  { kernel_shape: [3, 3], strides: [2, 1] },
  { kernel_shape: [3, 3] },
];
const pads: Attributes[] = [
  {},
  { pads: [1, 1, 1, 1] },
  { pads: [0, 1, 1, 0] },
  { auto_pad: "SAME_UPPER" },
  { auto_pad: "SAME_LOWER" },
  { auto_pad: "VALID" },
];
const rounding: Attributes[] = [{}, { ceil_mode: 1 }];
const counting: Attributes[] = [{ count_include_pad: 0 }, { count_include_pad: 1 }];
const dilations: Attributes[] = [{ dilations: [1, 2] }, { dilations: [2, 2], ceil_mode: 1 }];

/** Every combination of one setting from each list. */
function combined(...lists: readonly (readonly Attributes[])[]): Attributes[] {
  return lists.reduce<Attributes[]>(
    (all, list) => all.flatMap((attributes) => list.map((more) => ({ ...attributes, ...more }))),
    [{}],
  );
}

const explicit = pads.filter(({ auto_pad }) => auto_pad === undefined || auto_pad === "VALID");
/** Windows with gaps between them: the engine refuses SAME where it would have to take inputs away. */
const gaps: Attributes[] = [{ kernel_shape: [2, 3], strides: [3, 4] }];

/** What each pool is run with in one and three dimensions. */
const line: Attributes = { kernel_shape: [3], strides: [2], pads: [1, 0] };
const volume: Attributes = { kernel_shape: [2, 3, 2], strides: [1, 2, 2], pads: [1, 1, 0, 0, 1, 1] };

const averages = [
  ...combined(windows, pads, rounding, counting).map((attributes) => pool("AveragePool", image, attributes)),
  ...combined(gaps, explicit, rounding, counting).map((attributes) => pool("AveragePool", image, attributes)),
  ...combined(windows, explicit, dilations, counting).map((attributes) =>
    pool("AveragePool", [1, 2, 11, 10], attributes, { opset: 19 }),
  ),
  ...combined([line], rounding, counting).map((attributes) => pool("AveragePool", [2, 3, 10], attributes)),
  ...combined([volume], counting).map((attributes) => pool("AveragePool", [1, 2, 4, 5, 5], attributes)),
  pool("AveragePool", [2, 3, 8, 6], { kernel_shape: [2, 2], strides: [2, 2] }),
  pool("AveragePool", [2, 3, 8, 6], { kernel_shape: [2, 3], strides: [2, 3] }),
  pool("AveragePool", [2, 3, 8], { kernel_shape: [2], strides: [2] }),
  pool("AveragePool", [2, 3, 20, 15], { kernel_shape: [5, 5], strides: [5, 5] }),
  pool("AveragePool", [2, 3, 5, 7], { kernel_shape: [5, 7] }),
  pool("AveragePool", [2, 3, 5, 7], { kernel_shape: [5, 7], strides: [5, 7] }),
  pool("AveragePool", [1, 2, 5, 7], { kernel_shape: [5, 2], strides: [1, 1] }),
  pool("AveragePool", [1, 2, 3, 3], { kernel_shape: [5, 5], pads: [2, 2, 2, 2] }),
  pool("AveragePool", [1, 2, 8, 8], { kernel_shape: [1, 1], strides: [3, 2] }),
];

/** Values far apart are large: their float32 noise is what the differences see. */
const distinct: Partial<OperatorCase> = { distinct: true, domain: [-6, 6], tolerance: "approximate" };
const small = [2, 2, 7, 6];
const maxima = [
  ...combined(windows, pads, rounding).map((attributes) => pool("MaxPool", small, attributes, distinct)),
  ...combined(gaps, explicit, rounding).map((attributes) => pool("MaxPool", small, attributes, distinct)),
  ...combined(windows, explicit, dilations).map((attributes) =>
    pool("MaxPool", [1, 2, 11, 10], attributes, distinct),
  ),
  ...[0, 1].map((storage_order) =>
    pool(
      "MaxPool",
      image,
      { kernel_shape: [3, 3], strides: [2, 2], storage_order },
      { ...distinct, outputs: 2 },
    ),
  ),
  pool("MaxPool", [2, 3, 10], line, distinct),
  pool("MaxPool", [1, 2, 4, 5, 5], volume, distinct),
  pool("MaxPool", [1, 30, 2, 2], { kernel_shape: [2, 2], strides: [2, 2] }, distinct),
  pool("MaxPool", [2, 3, 5, 7], { kernel_shape: [5, 7] }, distinct),
];

const globals = ["GlobalAveragePool", "GlobalMaxPool"].flatMap((op) =>
  [
    [2, 3, 5, 4],
    [2, 3, 7],
    [1, 2, 3, 2, 3],
    [2, 3, 1, 1],
  ].map((shape) => pool(op, shape, {}, distinct)),
);

/** Norms have a kink at 0 (p = 1) and are steep near it. */
const away: Partial<OperatorCase> = { kinks: [0] };
const norms = [1, 2, 3, 4].flatMap((p) => [
  pool("LpPool", [2, 3, 8, 6], { kernel_shape: [2, 2], strides: [2, 2], p }, away),
  pool("LpPool", image, { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], p }, away),
  pool("LpPool", image, { kernel_shape: [3, 2], strides: [1, 2], dilations: [2, 1], ceil_mode: 1, p }, away),
  pool("LpPool", [2, 3, 10], { ...line, p }, away),
  pool("GlobalLpPool", [2, 3, 5, 4], { p }, away),
  pool("GlobalLpPool", [2, 3, 5], { p }, away),
]);

/** One index in each 2×2 window of a 4×6 output, for two channels. */
const places = int64([1, 2, 2, 3], [1, 2, 11, 12, 20, 16, 30, 27, 34, 36, 44, 47]);
const unpooled: OperatorCase[] = [[], [int64([4], [1, 2, 5, 7])]].flatMap((rest) =>
  [[], [1]].map((fed) => ({
    op: "MaxUnpool",
    inputs: [[1, 2, 2, 3], places, ...rest],
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
    fed,
    name: `MaxUnpool ${rest.length ? "to a given shape" : ""} ${fed.length ? "indices fed" : ""}`,
  })),
);

export const pooling: readonly OperatorCase[] = [
  ...unpooled,
  ...averages,
  ...maxima,
  ...globals,
  ...norms,
  { op: "LpPool", inputs: [image], attributes: { kernel_shape: [3, 3] }, name: "LpPool default p", ...away },
];
