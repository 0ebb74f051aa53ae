/** Tensors as plain data, and the 16-bit float types bit by bit. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bfloat16ToNumber,
  float16ToNumber,
  float32,
  int64,
  numbersOf,
  numberToFloat16,
  sizeOf,
  type Tensor,
} from "../../src/base/index.js";

const patterns = Array.from({ length: 0x10000 }, (_, bits) => bits);

/** The value of a half-precision pattern from the definition in IEEE 754-2019, section 3.4. */
function half(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  const [significand, power] = exponent === 0 ? [fraction / 1024, -14] : [1 + fraction / 1024, exponent - 15];
  return sign * significand * 2 ** power;
}

describe("float16", () => {
  it("reads all 65,536 patterns as the standard defines them", () => {
    const wrong = patterns.filter((bits) => !Object.is(float16ToNumber(bits), half(bits)));
    expect(wrong).toEqual([]);
  });

  it("writes every pattern's value back to the same pattern", () => {
    const wrong = patterns.filter((bits) => {
      const value = half(bits);
      return numberToFloat16(value) !== (Number.isNaN(value) ? 0x7e00 : bits);
    });
    expect(wrong).toEqual([]);
  });

  it("rounds between two neighbours to the nearer, and halfway to the even pattern", () => {
    const wrong = [];
    for (let bits = 0; bits < 0x7bff; bits++) {
      const [low, high] = [half(bits), half(bits + 1)];
      const middle = (low + high) / 2;
      // The distance is far above the rounding of the sums, which are exact in double precision.
      const near = (high - low) / 1024;
      const even = bits % 2 === 0 ? bits : bits + 1;
      const rounded = [middle - near, middle, middle + near].map(numberToFloat16);
      if (rounded.join() !== [bits, even, bits + 1].join()) wrong.push(bits);
    }
    expect(wrong).toEqual([]);
  });

  it("keeps signs, and is infinite from halfway beyond its largest number on", () => {
    expect(numberToFloat16(-0)).toBe(0x8000);
    expect(numberToFloat16(65519.999)).toBe(0x7bff);
    expect(numberToFloat16(65520)).toBe(0x7c00);
    expect(numberToFloat16(Number.NEGATIVE_INFINITY)).toBe(0xfc00);
    expect(numberToFloat16(2 ** -25)).toBe(0);
    expect(numberToFloat16(-(2 ** -25) * 1.001)).toBe(0x8001);
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (x) => numberToFloat16(-x) === (numberToFloat16(x) ^ 0x8000)),
    );
  });
});

it("bfloat16 patterns are the upper halves of float32 patterns, all 65,536", () => {
  const floats = new Float32Array(Uint32Array.from(patterns, (bits) => bits * 0x10000).buffer);
  expect(patterns.filter((bits) => !Object.is(bfloat16ToNumber(bits), floats[bits]))).toEqual([]);
});

describe("tensors", () => {
  it("count their elements; a scalar has one", () => {
    expect(sizeOf([2, 3, 4])).toBe(24);
    expect(sizeOf([])).toBe(1);
    expect(sizeOf([5, 0])).toBe(0);
  });

  it("of float32 keep the array they are given, and round other numbers", () => {
    const data = new Float32Array([1, 2]);
    expect(float32([2], data).data).toBe(data);
    expect(float32([1], [0.1])).toEqual({ type: "float32", dims: [1], data: new Float32Array([0.1]) });
  });

  it("of int64 take numbers and bigints", () => {
    expect(int64([2], [-1, 2n ** 60n]).data).toEqual(BigInt64Array.of(-1n, 2n ** 60n));
  });

  it("give their elements as numbers, whatever the type", () => {
    const tensors: Tensor[] = [
      { type: "float16", dims: [2], data: Uint16Array.of(0x3c00, 0xc000) },
      { type: "bfloat16", dims: [2], data: Uint16Array.of(0x3f80, 0xc000) },
      { type: "int64", dims: [2], data: BigInt64Array.of(1n, -2n) },
      { type: "float64", dims: [2], data: Float64Array.of(1, -2) },
      { type: "int8", dims: [2], data: Int8Array.of(1, -2) },
    ];
    for (const tensor of tensors) expect(numbersOf(tensor)).toEqual([1, -2]);
    expect(numbersOf({ type: "bool", dims: [2], data: Uint8Array.of(1, 0) })).toEqual([1, 0]);
    expect(() => numbersOf({ type: "string", dims: [1], data: ["a"] })).toThrow("internal: ");
  });
});
