/** Gradients at ties, kinks and extreme values, where finite differences cannot judge: known answers. */
import { describe, expect, it } from "vitest";
import { float32, type Tensor } from "../../src/base/index.js";
import { type AttributeInput, float } from "../../src/onnx/index.js";
import { gradientsOf, graphOf } from "../helpers/gradients.js";

interface Known {
  readonly op: string;
  /** Vectors are differentiated, tensors are constants, null is left out. */
  readonly inputs: readonly (readonly number[] | Tensor | null)[];
  readonly attributes?: Readonly<Record<string, AttributeInput>>;
  readonly opset?: number;
  /** Gradient of the outputs' sum with respect to each vector. */
  readonly gradients: readonly (readonly number[])[];
}

const scalar = (value: number) => float32([], [value]);
const inf = Number.POSITIVE_INFINITY;
const big = 1e25;

const kinks: Known[] = [
  { op: "Relu", inputs: [[-2, 0, 3, 1e-37, 3e38, -inf]], gradients: [[0, 0, 1, 1, 1, 0]] },
  { op: "LeakyRelu", inputs: [[-2, 0, 3]], attributes: { alpha: float(0.25) }, gradients: [[0.25, 0.25, 1]] },
  { op: "PRelu", inputs: [[-2, 0, 3], scalar(0.25)], gradients: [[0.25, 0.25, 1]] },
  { op: "ThresholdedRelu", inputs: [[0.5, 1, 2]], gradients: [[0, 0, 1]] },
  { op: "ThresholdedRelu", inputs: [[-2, 0, 1]], attributes: { alpha: float(-1) }, gradients: [[0, 1, 1]] },
  { op: "Shrink", inputs: [[-0.5, 0, 0.5, 2, -2]], gradients: [[0, 0, 0, 1, 1]] },
  { op: "HardSigmoid", inputs: [[-2.5, 0, 2.5]], gradients: [[0, 0.2, 0]] },
  { op: "HardSwish", inputs: [[-3, 0, 3, -5, 5]], gradients: [[0, 0.5, 1, 0, 1]] },
  { op: "Abs", inputs: [[-2, 0, 3, -3e38]], gradients: [[-1, 0, 1, -1]] },
  { op: "Clip", inputs: [[-2, -1, 0, 1, 2], scalar(-1), scalar(1)], gradients: [[0, 1, 1, 1, 0]] },
];

const ties: Known[] = [
  { op: "Max", inputs: [[1, 2, 5], [1, 3, 4]], gradients: [[0.5, 0, 1], [0.5, 1, 0]] }, // biome-ignore format: one line
  { op: "Min", inputs: [[1, 2, 5], [1, 3, 4]], gradients: [[0.5, 1, 0], [0.5, 0, 1]] }, // biome-ignore format: one line
  { op: "Max", inputs: [[0, -1], scalar(0), [0, -2]], gradients: [[1 / 3, 0], [1 / 3, 0]] }, // biome-ignore format: one line
  { op: "Max", inputs: [[-inf, 1], [-inf, -inf]], gradients: [[0.5, 1], [0.5, 0]] }, // biome-ignore format: one line
  { op: "ReduceMax", inputs: [[2, 2, 1]], gradients: [[0.5, 0.5, 0]] },
  { op: "ReduceMin", inputs: [[2, 2, 1, 1, 1]], gradients: [[0, 0, 1 / 3, 1 / 3, 1 / 3]] },
];

const zeros: Known[] = [
  { op: "ReduceProd", inputs: [[2, 3, 4]], gradients: [[12, 8, 6]] },
  { op: "ReduceProd", inputs: [[0, 2, 3]], gradients: [[6, 0, 0]] },
  { op: "ReduceProd", inputs: [[0, 2, 0]], gradients: [[0, 0, 0]] },
  { op: "ReduceL1", inputs: [[0, -2]], gradients: [[0, -1]] },
  { op: "ReduceL2", inputs: [[0, 0]], gradients: [[0, 0]] },
  { op: "LpNormalization", inputs: [[0, 0]], gradients: [[0, 0]] },
  { op: "LpNormalization", inputs: [[0, 0]], attributes: { p: 1 }, gradients: [[0, 0]] },
  { op: "MeanVarianceNormalization", inputs: [[2, 2]], attributes: { axes: [0] }, gradients: [[0, 0]] },
  { op: "LayerNormalization", inputs: [[2, 2], float32([2], [1, 2])], gradients: [[-158.1139, 158.1139]] },
  { op: "Pow", inputs: [[0, 1], scalar(0)], gradients: [[0, 0]] },
  { op: "Pow", inputs: [[0, -2], scalar(1)], gradients: [[1, 1]] },
  { op: "Pow", inputs: [[0, -2], scalar(2)], gradients: [[0, -4]] },
  { op: "Pow", inputs: [[0, -2], scalar(3)], gradients: [[0, 12]] },
  { op: "Pow", inputs: [[0, 0, 0], float32([3], [0, 1, 2])], gradients: [[0, 1, 0]] },
  { op: "Pow", inputs: [[0, 0, -2], [2, 0, 2]], gradients: [[0, 0, -4], [0, 0, 0]] }, // biome-ignore format: one line
];

const saturated: Known[] = [
  { op: "Sigmoid", inputs: [[-200, 200, -inf, inf]], gradients: [[0, 0, 0, 0]] },
  { op: "Tanh", inputs: [[-200, 200, -inf, inf]], gradients: [[0, 0, 0, 0]] },
  { op: "Softplus", inputs: [[-200, 200, big]], gradients: [[0, 1, 1]] },
  { op: "Softsign", inputs: [[-big, 0, big]], gradients: [[0, 1, 0]] },
  { op: "Gelu", inputs: [[-200, 200, -big, big]], opset: 20, gradients: [[0, 1, 0, 1]] },
  { op: "Gelu", inputs: [[-200, 200, -1e12, 1e12]], opset: 20, attributes: { approximate: "tanh" }, gradients: [[0, 1, 0, 1]] }, // biome-ignore format: one line
  { op: "Mish", inputs: [[-200, 19, 21, 200, -big, big]], gradients: [[0, 1, 1, 1, 0, 1]] },
  { op: "Swish", inputs: [[-200, 200, big]], opset: 24, gradients: [[0, 1, 1]] },
  { op: "HardSwish", inputs: [[-big, big]], gradients: [[0, 1]] },
  { op: "Elu", inputs: [[-200, 200, -big, big]], gradients: [[0, 1, 0, 1]] },
  { op: "Elu", inputs: [[-200, 200, -big, big]], attributes: { alpha: float(2) }, gradients: [[0, 1, 0, 1]] },
  { op: "Selu", inputs: [[-200, 200]], gradients: [[0, 1.050701]] },
  { op: "Celu", inputs: [[-200, 200]], attributes: { alpha: float(2) }, gradients: [[0, 1]] },
  { op: "Erf", inputs: [[-30, 30, -big, big]], gradients: [[0, 0, 0, 0]] },
  { op: "Atan", inputs: [[-big, big]], gradients: [[0, 0]] },
  { op: "Asinh", inputs: [[-big, big]], gradients: [[0, 0]] },
  { op: "Exp", inputs: [[-200, -inf]], gradients: [[0, 0]] },
  { op: "Softmax", inputs: [[1000, 0, -1000, -inf]], gradients: [[0, 0, 0, 0]] },
  { op: "LogSoftmax", inputs: [[1000, 0, -1000]], gradients: [[-2, 1, 1]] },
  { op: "ReduceLogSumExp", inputs: [[1000, 1000, 0]], gradients: [[0.5, 0.5, 0]] },
  { op: "ReduceLogSum", inputs: [[1e30, 1e30]], gradients: [[5e-31, 5e-31]] },
  { op: "ReduceL2", inputs: [[3e15, 4e15]], gradients: [[0.6, 0.8]] },
];

describe.each(Object.entries({ kinks, ties, zeros, saturated }))("%s", (_, list) => {
  it.each(list.map((known) => [`${known.op} of ${JSON.stringify(known.inputs)}`, known] as const))(
    "%s",
    async (_, { op, inputs, attributes, opset, gradients }) => {
      const vectors = inputs.flatMap((input, i) => (isVector(input) ? [[`x${i}`, input] as const] : []));
      const feeds = Object.fromEntries(vectors.map(([name, x]) => [name, float32([x.length], x)]));
      const graph = graphOf(
        feeds,
        (b) => ({
          y: b.op(
            op,
            inputs.map((input, i) => (isVector(input) ? `x${i}` : input === null ? "" : b.constant(input))),
            attributes,
          ),
        }),
        opset,
      );
      const found = await gradientsOf(graph, feeds);
      for (const [i, [name]] of vectors.entries()) {
        expect(found[name]).toHaveLength(gradients[i]!.length);
        for (const [k, expected] of gradients[i]!.entries()) expect(found[name]![k]).toBeCloseTo(expected, 4);
      }
    },
  );
});

describe("roots at zero", () => {
  it("a norm written out as a chain has the gradient 0 at the origin, not NaN", async () => {
    const feeds = { x: float32([3], [0, 0, 0]) };
    for (const root of ["Sqrt", "Pow"]) {
      const graph = graphOf(feeds, (b) => {
        const square = b.reduce("ReduceSum", b.mul("x", "x"), [0]);
        return { y: root === "Sqrt" ? b.sqrt(square) : b.pow(square, 0.5) };
      });
      expect(await gradientsOf(graph, feeds)).toEqual({ x: [0, 0, 0] });
    }
  });

  it("the slope itself is large and finite", async () => {
    const feeds = { x: float32([2], [0, 4]) };
    const { x } = await gradientsOf(
      graphOf(feeds, (b) => ({ y: b.sqrt("x") })),
      feeds,
    );
    expect(x![0]).toBeGreaterThan(1e18);
    expect(Number.isFinite(x![0])).toBe(true);
    expect(x![1]).toBeCloseTo(0.25, 6);
  });
});

describe("gradients of bounds and statistics", () => {
  it("a clip passes what it cuts off on to the bound", async () => {
    const feeds = {
      x: float32([4], [-2, 0, 3, 5]),
      low: float32([], [-1]),
      high: float32([], [2]),
    };
    const graph = graphOf(feeds, (b) => ({ y: b.op("Clip", ["x", "low", "high"]) }));
    expect(await gradientsOf(graph, feeds)).toEqual({ x: [0, 1, 0, 0], low: [1], high: [2] });
  });

  it("a layer normalization of which only the mean is used", async () => {
    const feeds = { x: float32([2, 4], [1, 2, 3, 5, 0, 1, 0, 1]) };
    const graph = graphOf(feeds, (b) => {
      const scale = b.constant(float32([4], [1, 2, 3, 4]));
      return { mean: b.ops("LayerNormalization", ["x", scale], 3)[1]! };
    });
    const { x } = await gradientsOf(graph, feeds);
    for (const value of x!) expect(value).toBeCloseTo(0.25, 6);
  });
});

describe("what is refused", () => {
  const refused = (
    op: string,
    inputs: (Tensor | "x")[],
    attributes: Record<string, AttributeInput>,
    outputs = 1,
  ) => {
    const feeds = { x: float32([1, 2, 2], [1, 2, 3, 4]) };
    const graph = graphOf(feeds, (b) => ({
      y: b.ops(
        op,
        inputs.map((input) => (input === "x" ? "x" : b.constant(input))),
        outputs,
        attributes,
      )[0]!,
    }));
    return gradientsOf(graph, feeds);
  };

  it("batch normalization in training mode", async () => {
    const channel = float32([2], [1, 1]);
    await expect(
      refused("BatchNormalization", ["x", channel, channel, channel, channel], { training_mode: 1 }, 3),
    ).rejects.toThrow(
      /BatchNormalization "BatchNormalization": training_mode=1 .*export the model for inference/,
    );
  });

  it("dropout in training mode", async () => {
    const training: Tensor = { type: "bool", dims: [], data: Uint8Array.of(1) };
    await expect(refused("Dropout", ["x", scalar(0.5), training], {})).rejects.toThrow(
      /Dropout "Dropout": .*training_mode = true/,
    );
  });

  it("axes computed from the image", async () => {
    const feeds = { x: float32([2, 2], [1, 2, 3, 4]) };
    const graph = graphOf(feeds, (b) => ({
      y: b.op("ReduceSum", ["x", b.op("ArgMax", [b.reshape("x", [4])], { axis: 0 })]),
    }));
    await expect(gradientsOf(graph, { x: float32([2, 2], [1, 4, 3, 2]) })).rejects.toThrow(
      /ReduceSum ".*": its gradient needs constant `axes`/,
    );
  });
});

function isVector(input: readonly number[] | Tensor | null): input is readonly number[] {
  return Array.isArray(input);
}
