/** Pools at ties and zeros, where finite differences cannot judge, and what convolutions and products refuse. */
import { describe, expect, it } from "vitest";
import { float32, sizeOf } from "../../src/base/index.js";
import { type AttributeInput, reachableFrom } from "../../src/onnx/index.js";
import { gradientsOf, graphOf } from "../helpers/gradients.js";
import { type OperatorCase, prepare } from "../helpers/operators.js";

type Attributes = Readonly<Record<string, AttributeInput>>;

async function poolGradient(op: string, rows: readonly (readonly number[])[], attributes: Attributes = {}) {
  const feeds = { x: float32([1, 1, rows.length, rows[0]!.length], rows.flat()) };
  const graph = graphOf(feeds, (b) => ({ y: b.op(op, ["x"], attributes) }));
  return (await gradientsOf(graph, feeds)).x;
}

const tied = [
  [1, 1, 0, 2],
  [1, 1, 2, 2],
  [0, 3, 0, 0],
  [3, 0, 0, 0],
];
const halves = { kernel_shape: [2, 2], strides: [2, 2] };
const inf = Number.POSITIVE_INFINITY;

describe("the first of equal maxima takes the gradient", () => {
  it("side by side", async () => {
    const expected = [
      [1, 0, 0, 1],
      [0, 0, 0, 0],
      [0, 1, 1, 0],
      [0, 0, 0, 0],
    ];
    expect(await poolGradient("MaxPool", tied, halves)).toEqual(expected.flat());
  });

  it("overlapping: what several windows found adds up", async () => {
    // Windows over rows 0–1, 1–2 and 2–3, columns 0–1 and 2–3.
    const expected = [
      [1, 0, 0, 1],
      [0, 0, 1, 0],
      [0, 2, 1, 0],
      [0, 0, 0, 0],
    ];
    const attributes = { kernel_shape: [2, 2], strides: [1, 2] };
    expect(await poolGradient("MaxPool", tied, attributes)).toEqual(expected.flat());
  });

  it("in the whole image", async () => {
    expect(await poolGradient("GlobalMaxPool", tied)).toEqual(tied.flat().map((_, i) => (i === 9 ? 1 : 0)));
  });

  it("an image of −∞ has finite gradients", async () => {
    const rows = tied.map((row) => row.map(() => -inf));
    for (const [op, attributes] of [
      ["MaxPool", halves],
      ["GlobalMaxPool", {}],
    ] as const) {
      const gradient = await poolGradient(op, rows, attributes);
      expect(gradient!.every(Number.isFinite)).toBe(true);
    }
  });
});

describe("norms of nothing have the gradient 0", () => {
  const zeros = tied.map((row) => row.map(() => 0));
  it.each([1, 2, 3, 8])("p = %i", async (p) => {
    expect((await poolGradient("LpPool", zeros, { ...halves, p }))!.every((slope) => slope === 0)).toBe(true);
    expect((await poolGradient("GlobalLpPool", zeros, { p }))!.every((slope) => slope === 0)).toBe(true);
  });
});

/** Operators that compute on the gradient, in order; what reads constants alone is folded by the engine. */
async function operators(test: OperatorCase): Promise<string[]> {
  const { gradient, weights } = await prepare(test);
  const reached = reachableFrom(gradient, Object.keys(weights));
  return gradient.nodes.filter(({ outputs }) => reached.has(outputs[0]!)).map(({ op }) => op);
}

describe("an attack pays for few operators", () => {
  const zeros = (...dims: number[]) => float32(dims, new Float32Array(sizeOf(dims)));
  const padded = { pads: [1, 1, 1, 1] };
  const cases: readonly (readonly [string, OperatorCase, readonly string[]])[] = [
    ["3×3", { op: "Conv", inputs: [[2, 4, 8, 8], zeros(5, 4, 3, 3)], attributes: padded }, ["Conv"]],
    [
      "depthwise 3×3",
      { op: "Conv", inputs: [[2, 4, 8, 8], zeros(4, 1, 3, 3)], attributes: { ...padded, group: 4 } },
      ["Conv"],
    ],
    [
      "3×3 with stride",
      { op: "Conv", inputs: [[2, 4, 8, 8], zeros(5, 4, 3, 3)], attributes: { ...padded, strides: [2, 2] } },
      ["ConvTranspose"],
    ],
    ["Linear", { op: "MatMul", inputs: [[2, 7, 4], zeros(4, 5)] }, ["MatMul"]],
    ["Gemm", { op: "Gemm", inputs: [[7, 4], zeros(4, 5), zeros(5)] }, ["Gemm"]],
    [
      "average 3×3 with stride",
      {
        op: "AveragePool",
        inputs: [[2, 4, 8, 8]],
        attributes: { kernel_shape: [3, 3], strides: [2, 2], ...padded },
      },
      ["MatMul", "MatMul"],
    ],
    ["average 2×2", { op: "AveragePool", inputs: [[2, 4, 8, 8]], attributes: halves }, ["Mul", "Resize"]],
    ["global average", { op: "GlobalAveragePool", inputs: [[2, 4, 8, 8]] }, ["Mul", "Expand"]],
  ];
  it.each(cases)("%s", async (_, test, expected) => {
    expect(await operators(test)).toEqual([...expected, "Identity"]);
  });
});

describe("what is refused", () => {
  const image = { x: float32([1, 1, 9, 9], new Float32Array(81)) };

  it("automatic padding with dilation, which engines understand differently", async () => {
    const attributes = { kernel_shape: [3, 3], dilations: [2, 1], auto_pad: "SAME_UPPER" };
    const graph = graphOf(image, (b) => ({ y: b.op("MaxPool", ["x"], attributes) }));
    // A dilated MaxPool tells its indices itself, whatever the padding.
    expect((await gradientsOf(graph, image)).x).toHaveLength(81);
    const average = graphOf(image, (b) => ({ y: b.op("AveragePool", ["x"], attributes) }), 19);
    await expect(gradientsOf(average, image)).rejects.toThrow(
      /AveragePool "AveragePool": auto_pad SAME_UPPER/,
    );
  });

  it("the diagonal of an Einsum", async () => {
    const feeds = { x: float32([3, 3], new Float32Array(9)) };
    const graph = graphOf(feeds, (b) => ({ y: b.op("Einsum", ["x"], { equation: "ii->i" }) }));
    await expect(gradientsOf(graph, feeds)).rejects.toThrow(/equation "ii->i" repeats an index within "ii"/);
  });
});
