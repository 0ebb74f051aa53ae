/** Normalizations in the engine against plain arithmetic, in inference and training. */
import { describe, expect, it } from "vitest";
import { float32, SeawallError } from "../../../src/base/index.js";
import { Net } from "../../../src/nn/layers/modules.js";
import { emptyGraph } from "../../../src/onnx/index.js";
import { evaluate } from "../../helpers/gradients.js";
import { distance, range, runLayers, sum } from "./run.js";

const mean = (list: readonly number[]) => sum(list) / list.length;
const variance = (list: readonly number[]) => mean(list.map((value) => (value - mean(list)) ** 2));

describe("layerNorm", () => {
  it("gives each token mean 0 and variance 1, then the factor and offset of each element", async () => {
    const { data } = await runLayers({
      inputs: { x: [3, 5] },
      write: (net, { x }) => ({ y: net.layerNorm("norm", x!, 1e-6) }),
    });
    const expected = range(6).flatMap((token) => {
      const row = [...data.x!.slice(5 * token, 5 * token + 5)];
      return row.map(
        (value, i) =>
          ((value - mean(row)) / Math.sqrt(variance(row) + 1e-6)) * data["norm.weight"]![i]! +
          data["norm.bias"]![i]!,
      );
    });
    expect(distance(data.y!, expected)).toBeLessThan(1e-5);
  });

  it("adds epsilon to the variance: with a large one, deviations hardly change the scale", async () => {
    const { data } = await runLayers({
      inputs: { x: [1, 2] },
      batch: 1,
      values: { x: [0, 2], "norm.weight": [1, 1], "norm.bias": [0, 0] },
      write: (net, { x }) => ({ y: net.layerNorm("norm", x!, 3) }),
    });
    // The variance is 1, so the factor is 1/√(1 + 3).
    expect(distance(data.y!, [-0.5, 0.5])).toBeLessThan(1e-6);
  });
});

describe("layerNorm2d", () => {
  it("normalizes the channels of each pixel and keeps the image's layout", async () => {
    const { data, dims } = await runLayers({
      inputs: { x: [3, 2, 4] },
      write: (net, { x }) => ({ y: net.layerNorm2d("norm", x!, 1e-5) }),
    });
    expect(dims.y).toEqual([2, 3, 2, 4]);
    const at = (n: number, c: number, pixel: number) => (n * 3 + c) * 8 + pixel;
    const expected = new Float32Array(48);
    for (const n of range(2))
      for (const pixel of range(8)) {
        const column = range(3).map((c) => data.x![at(n, c, pixel)]!);
        for (const c of range(3))
          expected[at(n, c, pixel)] =
            ((column[c]! - mean(column)) / Math.sqrt(variance(column) + 1e-5)) * data["norm.weight"]![c]! +
            data["norm.bias"]![c]!;
      }
    expect(distance(data.y!, expected)).toBeLessThan(1e-5);
  });
});

describe("batchNorm in inference", () => {
  it("uses the running statistics alone, with epsilon 1e-5", async () => {
    const { data, parameters } = await runLayers({
      inputs: { x: [2, 2, 3] },
      values: {
        "bn.running_mean": [0.5, -1],
        "bn.running_var": [4, 0],
        "bn.weight": [2, 3],
        "bn.bias": [1, 0],
      },
      write: (net, { x }) => ({ y: net.batchNorm("bn", x!) }),
    });
    const expected = [...data.x!].map((value, i) =>
      Math.floor(i / 6) % 2 === 0
        ? ((value - 0.5) / Math.sqrt(4 + 1e-5)) * 2 + 1
        : ((value + 1) / Math.sqrt(1e-5)) * 3,
    );
    const relative = distance(
      [...data.y!].map((value, i) => value / expected[i]!),
      expected.map(() => 1),
    );
    expect(relative).toBeLessThan(1e-4);
    expect(parameters.map(({ name, kind, used }) => [name, kind, used])).toEqual([
      ["bn.weight", "norm", true],
      ["bn.bias", "norm", true],
      ["bn.running_mean", "statistic", true],
      ["bn.running_var", "statistic", true],
      ["bn.num_batches_tracked", "counter", false],
    ]);
  });
});

describe("batchNorm in training", () => {
  const training = (batch: number | string, size: number) => {
    const net = new Net(emptyGraph("training", 20), { batch, training: true });
    const y = net.batchNorm("bn", net.input("x", [1, 1, size]));
    net.output(y.value, "y");
    for (const [name, value] of net.updates) net.output(value, `next/${name}`);
    for (const [name, value] of [
      ["bn.weight", 2],
      ["bn.bias", 0.5],
      ["bn.running_mean", 10],
      ["bn.running_var", 20],
    ] as const)
      net.graph.initializers.set(name, float32([1], [value]));
    return net.graph;
  };

  it("normalizes by the batch's mean and biased variance, and ignores the running ones", async () => {
    const { y } = await evaluate(training(2, 2), { x: float32([2, 1, 1, 2], [1, 3, 5, 7]) });
    const deviation = Math.sqrt(5 + 1e-5);
    expect(
      distance(
        y!.data as Float32Array,
        [-3, -1, 1, 3].map((d) => (2 * d) / deviation + 0.5),
      ),
    ).toBeLessThan(1e-5);
  });

  it("moves the running statistics by a tenth, towards the unbiased variance", async () => {
    const results = await evaluate(training(2, 2), { x: float32([2, 1, 1, 2], [1, 3, 5, 7]) });
    const [next] = results["next/bn.running_mean"]!.data as Float32Array;
    expect(next).toBeCloseTo(0.9 * 10 + 0.1 * 4, 5);
    const [spread] = results["next/bn.running_var"]!.data as Float32Array;
    // Squared deviations 9, 1, 1, 9: 20 / 4 is the biased variance, 20 / 3 the unbiased one.
    expect(spread).toBeCloseTo(0.9 * 20 + 0.1 * (20 / 3), 5);
  });

  it("is refused where a channel has one value in a batch, saying what to do", () => {
    expect(() => training(1, 1)).toThrow(SeawallError);
    expect(() => training(1, 1)).toThrow(/more than one value per channel.*at least 2 images per step/);
    expect(() => training("N", 4)).toThrow(/batch "N": a training graph needs a fixed number of images/);
    expect(() => training(1, 2), "two pixels of one image are enough").not.toThrow();
  });
});

describe("standardize", () => {
  it("subtracts each channel's mean and divides by its deviation", async () => {
    const { data, parameters } = await runLayers({
      inputs: { x: [3, 1, 2] },
      batch: 1,
      values: { x: [1, 2, 3, 4, 5, 6] },
      write: (net, { x }) => ({ y: net.standardize(x!, [1, 2, 3], [2, 4, 0.5]) }),
    });
    expect([...data.y!]).toEqual([0, 0.5, 0.25, 0.5, 4, 6]);
    expect(parameters).toEqual([]);
  });
});

describe("unitRows", () => {
  it("divides each row by its Euclidean length", async () => {
    const { data } = await runLayers({
      inputs: { x: [2, 2] },
      batch: 1,
      values: { x: [3, 4, 0, -2] },
      write: (net, { x }) => ({ y: net.unitRows(x!) }),
    });
    expect(distance(data.y!, [0.6, 0.8, 0, -1])).toBeLessThan(1e-6);
  });
});
