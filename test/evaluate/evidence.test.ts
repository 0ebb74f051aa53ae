/** What checks read of a point: colours of 8 bits inside its ball, and values on its edge. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomStream } from "../../src/base/index.js";
import { edgeShare, toBytes } from "../../src/evaluate/workers/evidence.js";

const bytes = (seed: number) =>
  randomStream(seed, "image")
    .uniform(60, 0, 256)
    .map((x) => Math.floor(x) / 255);
const moved = (image: Float32Array, radius: number, seed: number) => {
  const noise = randomStream(seed, "noise").uniform(image.length, -radius, radius);
  return image.map((value, i) => Math.min(1, Math.max(0, value + noise[i]!)));
};

describe("a point rounded to 8 bits", () => {
  it("has whole grey levels, in its ball and in the range, as near as they are", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 0.3, noNaN: true }), fc.integer(), (radius, seed) => {
        const image = bytes(seed);
        const point = moved(image, radius, seed);
        toBytes(image, point, radius).forEach((value, i) => {
          const grey = 255 * value;
          expect(Math.abs(grey - Math.round(grey))).toBeLessThan(1e-4);
          expect(Math.abs(value - image[i]!)).toBeLessThanOrEqual(radius + 1e-5);
          expect(Math.min(value, 1 - value)).toBeGreaterThanOrEqual(0);
          expect(Math.abs(value - point[i]!)).toBeLessThan(1.001 / 255);
        });
      }),
      { numRuns: 100 },
    );
  });

  it("is the image itself below a grey level, and reaches the edge at one", () => {
    const image = bytes(1);
    expect(toBytes(image, moved(image, 0.9 / 255, 1), 0.9 / 255)).toEqual(image);
    const up = image.map((value) => Math.min(1, value + 1 / 255));
    expect(toBytes(image, up, 1 / 255)).toEqual(
      up.map((value) => Math.fround(Math.round(255 * value) / 255)),
    );
  });

  it("keeps a value whose ball holds no grey level", () => {
    const image = Float32Array.of(0.5 / 255);
    expect(toBytes(image, Float32Array.of(0.7 / 255), 0.3 / 255)).toEqual(image);
  });
});

it("values on the edge are those that moved by the radius, or stand at black or white", () => {
  const image = Float32Array.of(0.5, 0.5, 0.5, 0.01, 0.99, 0.2);
  const point = Float32Array.of(0.6, 0.4, 0.55, 0, 1, 0.2);
  expect(edgeShare(image, point, 0.1)).toBeCloseTo(4 / 6, 6);
});
