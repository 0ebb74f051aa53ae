/** Normalizations of random shapes with random attributes, against differences. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { float } from "../../src/onnx/index.js";
import { checkRule } from "../helpers/operators.js";

const spread = { domain: [-2, 2] } as const;
const epsilon = fc.constantFrom(undefined, float(0.01), float(0.3));
const shapes = (minLength: number) => fc.array(fc.integer({ min: 2, max: 4 }), { minLength, maxLength: 4 });

describe("random normalizations", () => {
  it("over layers", async () => {
    await fc.assert(
      fc.asyncProperty(
        shapes(1),
        fc.nat(3),
        fc.boolean(),
        epsilon,
        fc.nat(),
        (shape, place, bias, eps, seed) => {
          const axis = place % shape.length;
          const scale = shape.slice(axis);
          const inputs = bias ? [shape, scale, scale] : [shape, scale];
          const attributes = { axis: bias ? axis : axis - shape.length, epsilon: eps ?? float(0.01) };
          return checkRule({ op: "LayerNormalization", inputs, attributes, ...spread }, seed);
        },
      ),
      { numRuns: 20, seed: 31 },
    );
  });

  it("over groups of channels", async () => {
    const groups = fc.record({
      images: fc.integer({ min: 1, max: 3 }),
      groups: fc.integer({ min: 1, max: 3 }),
      each: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(groups, shapes(1), fc.nat(), ({ images, groups, each }, pixels, seed) => {
        const channels = groups * each;
        const inputs = [[images, channels, ...pixels], [channels], [channels]];
        const attributes = { num_groups: groups, epsilon: float(0.3) };
        return checkRule({ op: "GroupNormalization", inputs, attributes, opset: 21, ...spread }, seed);
      }),
      { numRuns: 20, seed: 32 },
    );
  });

  it("over neighbouring channels", async () => {
    const size = fc.constantFrom(1, 3, 5, 7);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), size, fc.nat(), (channels, size, seed) => {
        const attributes = { size, alpha: float(0.7), beta: float(0.8), bias: float(0.9) };
        return checkRule({ op: "LRN", inputs: [[2, channels, 2, 2]], attributes, ...spread }, seed);
      }),
      { numRuns: 15, seed: 33 },
    );
  });

  it("of softmax along any axis", async () => {
    const op = fc.constantFrom("Softmax", "LogSoftmax");
    await fc.assert(
      fc.asyncProperty(op, shapes(1), fc.nat(7), fc.nat(), (op, shape, place, seed) => {
        const axis = (place % (2 * shape.length)) - shape.length;
        return checkRule({ op, inputs: [shape], attributes: { axis }, ...spread }, seed);
      }),
      { numRuns: 20, seed: 34 },
    );
  });
});
