/** The architectures at full size: numbers of parameters and operations from the literature, and rules for all graphs. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { float32, SeawallError, sizeOf } from "../../src/base/index.js";
import {
  type ArchitectureName,
  architectures,
  build,
  buildArchitecture,
  describeArchitecture,
  initialWeights,
  withWeights,
} from "../../src/nn/index.js";
import { evaluate } from "../helpers/gradients.js";
import { tiny } from "./tiny.js";

const names = Object.keys(architectures) as ArchitectureName[];

/** Classes, size, learned values in total and for inference, tensors, 10⁹ multiply-adds. */
const published: [
  ArchitectureName,
  number,
  number,
  number,
  number,
  number | undefined,
  number | undefined,
][] = [
  ["upernet-convnext-t-cvst", 21, 473, 60_181_610, 59_290_965, 272, 200.9],
  ["upernet-convnext-t-cvst", 151, 512, 60_281_710, 59_357_655, 272, 235.3],
  ["upernet-convnext-s-cvst", 21, 473, 81_816_170, 80_925_525, 434, 219.1],
  ["upernet-convnext-s-cvst", 151, 512, 81_916_270, 80_992_215, 434, 257.4],
  ["segmenter-vit-s", 151, 512, 26_419_350, 26_034_350, 185, 38.4],
  ["pspnet-50", 21, 473, 48_957_802, 46_592_597, undefined, undefined],
  ["pspnet-50-deep", 21, 473, 49_081_578, 46_716_373, undefined, undefined],
  // Counted in the networks of Hugging Face transformers.
  ["upernet-convnext-t", 150, 512, 60_242_636, 59_318_838, 268, undefined],
  ["upernet-swin-t", 150, 512, 59_941_862, 59_018_064, 307, undefined],
  ["upernet-swin-s", 150, 512, 81_259_766, 80_335_968, 511, undefined],
  ["upernet-swin-b", 150, 512, 121_415_076, 120_196_366, 511, undefined],
  ["segformer-b0", 150, 512, 3_752_694, 3_752_694, 208, undefined],
  ["segformer-b1", 150, 512, 13_715_798, 13_715_798, 208, undefined],
  ["segformer-b2", 150, 512, 27_461_974, 27_461_974, 380, undefined],
  ["segformer-b3", 150, 512, 47_337_814, 47_337_814, 644, undefined],
  ["segformer-b4", 150, 512, 64_108_374, 64_108_374, 930, undefined],
  ["segformer-b5", 150, 512, 84_708_694, 84_708_694, 1172, undefined],
];

it.each(published)(
  "%s with %i classes at %i has %i parameters",
  (name, classes, side, all, read, tensors, cost) => {
    const described = describeArchitecture(name, { classes, size: [side, side] });
    expect(described.parameters).toBe(all);
    expect(described.inferenceParameters).toBe(read);
    if (tensors !== undefined) expect(described.keys).toHaveLength(tensors);
    if (cost !== undefined) expect((described.multiplyAdds / 1e9).toFixed(1)).toBe(cost.toFixed(1));
  },
);

describe.each(names)("%s", (name) => {
  const { classes, size, classifier } = architectures[name];
  const built = buildArchitecture(name, { classes, size });

  it("reads each of its used parameters and defines every other value", () => {
    const known = new Set(["image", "", ...built.graph.initializers.keys()]);
    for (const { name } of built.parameters.filter(({ used }) => used)) known.add(name);
    for (const node of built.graph.nodes) {
      for (const input of node.inputs) expect(known).toContain(input);
      for (const output of node.outputs) known.add(output);
    }
  });

  it("counts its classes where it says", () => {
    expect(built.parameters.find((spec) => spec.name === classifier)?.shape[0]).toBe(classes);
  });

  it("has in training what inference has, and more", () => {
    const training = buildArchitecture(name, { classes, size, batch: 2, training: true, auxiliary: true });
    expect(training.parameters.map((spec) => spec.name)).toEqual(built.parameters.map((spec) => spec.name));
    // These networks are too small for stochastic depth.
    if (!/-(nano|micro|milli)/.test(name)) expect(training.noise.length).toBeGreaterThan(0);
    const statistics = training.parameters.filter(({ kind }) => kind === "statistic");
    expect([...training.updates.keys()].sort()).toEqual(statistics.map((spec) => spec.name).sort());
  });
});

describe("sizes", () => {
  it.each(Object.keys(tiny) as (keyof typeof tiny)[])(
    "%s gives logits of any allowed image's size",
    async (name) => {
      const side = name.startsWith("pspnet")
        ? fc.integer({ min: 1, max: 8 }).map((n) => 8 * n + 1)
        : fc.integer({ min: 32, max: 75 });
      await fc.assert(
        fc.asyncProperty(side, side, async (height, width) => {
          const built = build(tiny[name], { classes: 2, size: [height, width] });
          const graph = withWeights(built, initialWeights(built.parameters, 1));
          const image = float32([2, 3, height, width], new Float32Array(6 * height * width).fill(0.5));
          const { logits } = await evaluate(graph, { image });
          expect(logits!.dims).toEqual([2, 2, height, width]);
          expect((logits!.data as Float32Array).every(Number.isFinite)).toBe(true);
        }),
        { numRuns: 6 },
      );
    },
  );

  it.each([
    ["pspnet-50", [480, 470], "481x473"],
    ["segformer-b0", [16, 64], "32 pixels"],
    ["upernet-convnext-t-cvst", [512, 31], "32 pixels"],
    ["upernet-convnext-t-cvst", [512.5, 512], "whole number"],
  ] as [ArchitectureName, [number, number], string][])("%s refuses %j", (name, size, reason) => {
    const attempt = () => buildArchitecture(name, { classes: 2, size });
    expect(attempt).toThrow(SeawallError);
    expect(attempt).toThrow(reason);
  });
});

it("needs whole numbers of classes and images", () => {
  const at = (classes: number, batch: number) => () =>
    buildArchitecture("segformer-b0", { classes, size: [64, 64], batch });
  expect(at(0, 1)).toThrow("classes 0: expected a whole number above 0");
  expect(at(2, -1)).toThrow("batch size -1: expected a whole number above 0");
});

describe("initialization", () => {
  const { parameters } = buildArchitecture("segformer-b0", { classes: 5, size: [64, 64] });

  it("is decided by the seed and the parameter's name", () => {
    const [a, b, c] = [1, 1, 2].map((seed) => initialWeights(parameters, seed));
    const name = "segformer.encoder.block.0.0.mlp.dense1.weight";
    expect(a!.get(name)).toEqual(b!.get(name));
    expect(a!.get(name)).not.toEqual(c!.get(name));
    expect(a!.get(name)).not.toEqual(a!.get("segformer.encoder.block.0.1.mlp.dense1.weight"));
  });

  it("gives each kind its distribution", () => {
    const weights = initialWeights(parameters, 0);
    const deviation = (name: string) => {
      const data = weights.get(name)!.data as Float32Array;
      return Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
    };
    expect(deviation("decode_head.linear_fuse.weight")).toBeCloseTo(0.02, 3);
    expect(deviation("decode_head.classifier.bias")).toBe(0);
    expect(deviation("decode_head.batch_norm.running_var")).toBe(1);
    const resNet = buildArchitecture("pspnet-50", { classes: 5, size: [65, 65] }).parameters;
    const spec = (name: string) => resNet.find((parameter) => parameter.name === name)!.initial;
    expect(spec("layer2.1.conv2.weight")).toEqual({ kind: "normal", deviation: Math.sqrt(2 / (128 * 9)) });
    expect(spec("cls.0.weight")).toEqual({ kind: "uniform", bound: 1 / Math.sqrt(4096 * 9) });
  });

  it("covers what the graph reads, in its shapes", () => {
    const weights = initialWeights(parameters, 0);
    for (const { name, shape, used } of parameters) {
      expect(weights.has(name)).toBe(used);
      if (used) expect(weights.get(name)!.data).toHaveLength(sizeOf(shape));
    }
  });
});
