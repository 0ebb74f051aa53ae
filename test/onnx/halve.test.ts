/** Weights in float16: rounding to nearest, and models that compute with the rounded weights. */
import { expect, it } from "vitest";
import { float16ToNumber, float32, numberToFloat16, randomStream } from "../../src/base/index.js";
import { build, buildArchitecture, extractWeights, initialWeights, withWeights } from "../../src/nn/index.js";
import { halveWeights, readModel, writeModel } from "../../src/onnx/index.js";
import { evaluate } from "../helpers/gradients.js";
import { tiny } from "../nn/tiny.js";

it("every half-precision number is itself", () => {
  for (let bits = 0; bits < 2 ** 16; bits++) {
    const value = float16ToNumber(bits);
    if (Number.isNaN(value)) expect(float16ToNumber(numberToFloat16(value))).toBeNaN();
    else expect(numberToFloat16(value)).toBe(bits);
  }
});

it("a number becomes the nearest, ties the even one", () => {
  const numbers = randomStream("halves").normal(20_000);
  for (const [i, number] of numbers.entries()) {
    const value = number * 2 ** ((i % 40) - 30);
    const bits = numberToFloat16(value);
    const distance = Math.abs(float16ToNumber(bits) - value);
    for (const other of [bits - 1, bits + 1]) {
      const farther = Math.abs(float16ToNumber(other & 0xffff) - value);
      if (Number.isFinite(farther) && (other & 0x8000) === (bits & 0x8000)) {
        expect(distance).toBeLessThanOrEqual(farther);
      }
    }
  }
  expect(numberToFloat16(1 + 2 ** -11)).toBe(numberToFloat16(1));
  expect(numberToFloat16(1 + 3 * 2 ** -11)).toBe(numberToFloat16(1 + 2 ** -9));
  expect(numberToFloat16(65519)).toBe(0x7bff);
  expect(numberToFloat16(65520)).toBe(0x7c00);
});

it("a model with halved weights takes half the bytes and computes with the rounded ones", async () => {
  const built = build(tiny["upernet-cvst"], { classes: 3, size: [32, 32], batch: 1 });
  const weights = initialWeights(built.parameters, 1);
  const graph = withWeights(built, weights);
  const rounded = new Map(
    [...weights].map(([name, { dims, data }]) => {
      const values = (data as Float32Array).map((x) => float16ToNumber(numberToFloat16(x)));
      return [name, data.length < 64 ? weights.get(name)! : float32(dims, values)] as const;
    }),
  );
  const halved = halveWeights(graph);
  expect(writeModel(halved).length).toBeLessThan(0.75 * writeModel(graph).length);
  const image = float32([1, 3, 32, 32], randomStream("image").uniform(3 * 32 * 32, 0, 1));
  const [a, b] = [await evaluate(halved, { image }), await evaluate(withWeights(built, rounded), { image })];
  expect(a.logits!.data).toEqual(b.logits!.data);
});

it("weights of such a file are still found by their keys", () => {
  const name = "upernet-convnext-micro-cvst";
  const built = buildArchitecture(name, { classes: 3, size: [32, 32] });
  const graph = withWeights(built, initialWeights(built.parameters, 0));
  const { weights, record } = extractWeights(readModel(writeModel(halveWeights(graph))));
  expect(record.architecture).toBe(name);
  expect(weights.get("decode_head.classifier.weight")!.type).toBe("float16");
});
