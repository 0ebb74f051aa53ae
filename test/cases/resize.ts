/** Operator cases: Resize in its modes, GridSample; test/autodiff/resize.property.test.ts draws many more. */
import { float32, randomStream } from "../../src/base/index.js";
import { float } from "../../src/onnx/index.js";
import { ints, type OperatorCase } from "../helpers/operators.js";

const coordinates = [
  "half_pixel",
  "half_pixel_symmetric",
  "pytorch_half_pixel",
  "align_corners",
  "asymmetric",
  "tf_half_pixel_for_nn",
];
const image = [2, 2, 3, 5];
const sizes = [
  [2, 2, 6, 10],
  [2, 2, 7, 3],
  [2, 2, 3, 8],
];

type Attributes = OperatorCase["attributes"];

function bySizes(shape: readonly number[], to: readonly number[], attributes: Attributes): OperatorCase {
  const name = `Resize [${shape}] to [${to}] ${Object.values(attributes ?? {})
    .map((value) => (typeof value === "object" ? "" : value))
    .join(" ")}`;
  return { op: "Resize", name, inputs: [shape, null, null, ints(to)], ...(attributes && { attributes }) };
}

function byScales(shape: readonly number[], scales: readonly number[], attributes: Attributes): OperatorCase {
  const inputs = [shape, null, float32([scales.length], scales)];
  return { op: "Resize", name: `Resize [${shape}] by ${scales}`, inputs, ...(attributes && { attributes }) };
}

const everyMode = ["nearest", "linear", "cubic"].flatMap((mode) =>
  coordinates.flatMap((coordinate_transformation_mode) =>
    sizes.map((to) => bySizes(image, to, { mode, coordinate_transformation_mode })),
  ),
);

const everyRounding = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"].flatMap((nearest_mode) =>
  sizes.map((to) => bySizes(image, to, { mode: "nearest", nearest_mode })),
);

const antialiased = ["linear", "cubic"].flatMap((mode) =>
  [0, 1].flatMap((exclude_outside) =>
    [
      [1, 2, 4, 3],
      [1, 2, 5, 4],
      [1, 2, 20, 11],
    ].map((to) => bySizes([1, 2, 9, 8], to, { mode, exclude_outside, antialias: 1 })),
  ),
);

const cropped = ["nearest", "linear", "cubic"].map((mode): OperatorCase => {
  const roi = float32([8], [0, 0, 0.2, -0.3, 1, 1, 0.9, 1.2]);
  return {
    op: "Resize",
    name: `Resize crop ${mode}`,
    inputs: [[1, 2, 6, 7], roi, null, ints([1, 2, 9, 5])],
    attributes: {
      mode,
      coordinate_transformation_mode: "tf_crop_and_resize",
      extrapolation_value: float(7.5),
    },
  };
});

/** Grid coordinates at which a point passes from one pixel to the next, for images of length 4. */
const between = { 0: [-1.25, -0.75, -0.25, 0.25, 0.75, 1.25], 1: [-1, -1 / 3, 1 / 3, 1] };
const points = randomStream("points").uniform(2 * 3 * 2 * 2, -1.4, 1.4);

const sampled = ([0, 1] as const).flatMap((align_corners) =>
  ["zeros", "border"].flatMap((padding_mode): OperatorCase[] => [
    ...["bilinear", "nearest"].map((mode) => ({
      op: "GridSample",
      name: `GridSample image ${mode} ${padding_mode} ${align_corners}`,
      inputs: [[2, 3, 4, 5], float32([2, 3, 2, 2], points)],
      attributes: { mode, padding_mode, align_corners },
    })),
    {
      op: "GridSample",
      name: `GridSample image and grid ${padding_mode} ${align_corners}`,
      inputs: [
        [2, 3, 4, 4],
        [2, 5, 3, 2],
      ],
      domains: [
        [-1, 1],
        [-1.2, 1.2],
      ],
      kinks: between[align_corners],
      attributes: { padding_mode, align_corners },
    },
  ]),
);

export const resize: readonly OperatorCase[] = [
  ...everyMode,
  ...everyRounding,
  ...antialiased,
  ...cropped,
  ...sampled,
  // Whole factors: windows summed by pooling, long ones by reductions; one axis alone; other ranks.
  byScales([2, 3, 4, 4], [1, 1, 2, 2], {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  }),
  byScales([1, 2, 3, 2], [1, 1, 8, 4], { mode: "nearest" }),
  byScales([1, 2, 3, 2], [1, 1, 1, 4], { mode: "nearest" }),
  byScales([1, 2, 3, 2], [1, 3, 1, 4], { mode: "nearest" }),
  byScales([3, 4], [2, 3], { mode: "nearest" }),
  byScales([5], [2.5], { mode: "nearest" }),
  byScales([1, 2, 4, 6], [1, 1, 0.5, 0.5], { mode: "nearest" }),
  byScales([3, 5], [1.7, 0.6], { mode: "linear" }),
  byScales([2, 3, 4], [1.5, 2, 0.7], { mode: "linear" }),
  byScales([1, 1, 2, 3, 4], [1, 1, 1.5, 2, 0.7], { mode: "linear" }),
  byScales([3, 5], [1.7, 0.6], { mode: "cubic", cubic_coeff_a: float(-0.5), exclude_outside: 1 }),
  // Channels last.
  bySizes([1, 3, 4, 2], [1, 7, 6, 2], { mode: "linear", coordinate_transformation_mode: "align_corners" }),
  bySizes([1, 3, 4, 2], [1, 6, 8, 2], { mode: "nearest" }),
  bySizes([1, 3, 4, 2], [1, 6, 8, 2], { mode: "cubic" }),
  // Axes and policies of opset 18.
  bySizes([1, 2, 3, 4], [5, 7], { mode: "linear", axes: [2, 3] }),
  bySizes([1, 2, 3, 4], [7, 5], { mode: "linear", axes: [3, 2] }),
  bySizes([1, 2, 3, 4], [9, 9], {
    mode: "cubic",
    axes: [2, 3],
    keep_aspect_ratio_policy: "not_larger",
  }),
  bySizes([1, 2, 3, 4], [9, 9], {
    mode: "linear",
    axes: [2, 3],
    keep_aspect_ratio_policy: "not_smaller",
  }),
  // Nothing to resize.
  bySizes([1, 2, 3, 4], [1, 2, 3, 4], { mode: "linear" }),
  // Wide enough that the banded matrix is applied in blocks.
  bySizes([1, 40, 96, 100], [1, 40, 192, 201], {
    mode: "linear",
    coordinate_transformation_mode: "align_corners",
  }),
];
