/** Samples: values, order of the planes, and the hash that keys all randomness. */
import { describe, expect, it } from "vitest";
import { makeSample } from "../../src/data/index.js";
import { imageOf, labelsOf, noise } from "./pixels.js";

describe("a sample", () => {
  it("has its planes in the order red, green, blue, as byte / 255", () => {
    const sample = makeSample("a", 3, imageOf(1, 2, Uint8Array.of(255, 51, 0, 0, 102, 255)));
    expect(sample).toMatchObject({ id: "a", index: 3, height: 1, width: 2, labels: undefined });
    expect(sample.image.dims).toEqual([3, 1, 2]);
    expect(sample.image.data).toEqual(Float32Array.of(1, 0, 51 / 255, 102 / 255, 0, 1));
  });

  it("is hashed by the image alone", () => {
    const image = imageOf(2, 3);
    const hash = makeSample("a", 0, image).hash;
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(makeSample("b", 7, image, labelsOf(2, 3, [0, 0, 0, 1, 1, 1])).hash).toBe(hash);
  });

  it("has another hash for other bytes, another order or another shape", () => {
    const bytes = noise(18);
    const changed = bytes.with(4, bytes[4]! ^ 1);
    const hashes = [
      imageOf(2, 3, bytes),
      imageOf(2, 3, changed),
      imageOf(2, 3, bytes.toReversed()),
      imageOf(3, 2, bytes),
    ].map((image) => makeSample("a", 0, image).hash);
    // A flat image has the same bytes in every order, so that the shape alone tells it apart.
    const flat = [imageOf(2, 3, new Uint8Array(18)), imageOf(3, 2, new Uint8Array(18))].map(
      (image) => makeSample("a", 0, image).hash,
    );
    expect(new Set([...hashes, ...flat]).size).toBe(6);
  });
});
