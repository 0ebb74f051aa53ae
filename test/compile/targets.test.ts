/** What each target writes for composite operators; that all forms compute the same is tested case by case. */
import { describe, expect, it } from "vitest";
import { addAt, axisProducts, convolutionMap } from "../../src/autodiff/fragments/composites.js";
import { picks, transposed } from "../../src/autodiff/fragments/taps.js";
import { composites } from "../../src/autodiff/index.js";
import { lower, type Target } from "../../src/compile/index.js";
import { cpu } from "../../src/compile/lower/cpu.js";
import { gpu } from "../../src/compile/lower/gpu.js";
import { portable } from "../../src/compile/lower/portable.js";
import { emptyGraph, GraphBuilder, type Value } from "../../src/onnx/index.js";

/** Operators that a target writes; helpers that move nothing are left out. */
function operators(target: Target, write: (build: GraphBuilder) => Value): string[] {
  const build = new GraphBuilder(emptyGraph("test", 18));
  build.output(write(build), "y");
  const nodes = lower(build, new Map(), target).nodes.map(({ op }) => op);
  return nodes.filter((op) => !["Identity", "Reshape", "ConstantOfShape", "Expand"].includes(op));
}

const windows = (input: number, kernel: number, stride = 1) => {
  const output = Math.floor((input - kernel) / stride) + 1;
  const after = (output - 1) * stride + kernel - input;
  return { input, output, kernel, stride, dilation: 1, before: 0, after, declaredAfter: 0 };
};
const dense = { batch: 1, groups: 1, inner: 8, outer: 8, windows: [windows(12, 3), windows(12, 3)] };
const depthwise = { ...dense, groups: 8, inner: 1, outer: 1, windows: [windows(12, 7), windows(12, 7)] };

const image = (b: GraphBuilder) => b.input("x", "float32", [1, 8, 12, 12]);
const result = (b: GraphBuilder) => b.input("g", "float32", [1, 8, 10, 10]);
const kernel = (b: GraphBuilder) => b.input("k", "float32", [8, 8, 3, 3]);

type Row = readonly [
  name: string,
  write: (build: GraphBuilder) => Value,
  forms: Readonly<Record<Target, readonly string[]>>,
];

const rows: Row[] = [
  [
    "the input gradient of a convolution",
    (b) => convolutionMap(b, "ConvolutionInputGradient", result(b), kernel(b), dense),
    { portable: ["ConvTranspose"], gpu: ["ConvTranspose"], cpu: ["Transpose", "Slice", "Conv"] },
  ],
  [
    "the kernel gradient of a convolution",
    (b) => convolutionMap(b, "ConvolutionKernelGradient", image(b), result(b), dense),
    {
      portable: ["Transpose", "Transpose", "Conv", "Transpose"],
      gpu: Array(9)
        .fill("Slice")
        .concat(Array(9).fill(["Transpose", "MatMul"]).flat(), "Concat", "Transpose"),
      cpu: Array(9)
        .fill("Slice")
        .concat(Array(9).fill(["Transpose", "MatMul"]).flat(), "Concat", "Transpose"),
    },
  ],
  [
    "a depthwise convolution with a computed kernel",
    (b) => convolutionMap(b, "Convolution", image(b), b.input("k", "float32", [8, 1, 7, 7]), depthwise),
    { portable: ["Conv"], gpu: ["Conv"], cpu: ["MatMul", "Conv"] },
  ],
  [
    "steps of a slice",
    (b) => {
      const map = transposed(picks([0, 2, 4, 6], 8));
      const x = b.input("x", "float32", [3, 4]);
      return axisProducts(b, "AxisProducts", x, [3, 4], new Map([[1, map]]));
    },
    { portable: ["Pad", "Gather"], gpu: ["Pad", "Gather"], cpu: ["Concat"] },
  ],
  [
    "rows added at indices",
    (b) => addAt(b, b.input("x", "float32", [2, 3, 4]), [2, 3, 4], [0, 0, 2], 5),
    {
      portable: ["ScatterElements"],
      gpu: ["ScatterElements"],
      cpu: ["Slice", "ReduceSum", "Slice", "Concat", "Pad"],
    },
  ],
  [
    "a number added at the label",
    (b) => {
      const [base, update] = [b.input("x", "float32", [1, 3, 9]), b.input("u", "float32", [1, 1, 9])];
      return b.composite("AddAtLabel", [base, b.input("l", "int64", [1, 1, 9]), update], { classes: 3 });
    },
    {
      portable: ["Max", "ScatterElements"],
      gpu: ["Max", "ScatterElements"],
      cpu: ["Cast", "Equal", "Cast", "Mul", "Add"],
    },
  ],
  [
    "a step",
    (b) => b.composite("IsPositive", [image(b)]),
    { portable: ["Greater", "Cast"], gpu: ["Greater", "Cast"], cpu: ["HardSigmoid"] },
  ],
  [
    "a sign",
    (b) => b.composite("SignOf", [image(b)]),
    { portable: ["Sign"], gpu: ["Sign"], cpu: ["Mul", "Clip"] },
  ],
];

describe.each(rows)("%s", (_, write, forms) => {
  it.each(Object.entries(forms))("for %s", (target, expected) => {
    expect(operators(target as Target, write)).toEqual(expected);
  });
});

it("every target writes every composite operator of rules and losses", () => {
  const all = [...Object.keys(composites), "AddAtLabel"].sort();
  for (const target of [cpu, gpu, portable]) expect(Object.keys(target.composites).sort()).toEqual(all);
});

it("an unknown composite operator is refused by name", () => {
  const write = (b: GraphBuilder) => b.composite("Made", [image(b)]);
  expect(() => operators("cpu", write)).toThrow('seawall.Made "Made" is no composite operator');
});
