import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addPixelCounts,
  countPixels,
  imageAccuracy,
  imageMeanIoU,
  meanAccuracy,
  meanIoU,
  noCounts,
  perClassIoU,
  pixelAccuracy,
  sumCounts,
} from "../../src/metric/index.js";

const maps = fc.integer({ min: 1, max: 5 }).chain((classes) =>
  fc.record({
    classes: fc.constant(classes),
    pixels: fc.array(
      fc.record({
        label: fc.integer({ min: -1, max: classes - 1 }),
        guess: fc.integer({ min: 0, max: classes - 1 }),
      }),
      { maxLength: 40 },
    ),
  }),
);

describe("countPixels", () => {
  it("counts a hand-made example", () => {
    const counts = countPixels([0, 0, 1, 2, 2, 1], [0, 1, 1, 2, -1, -1], 4);
    expect(counts).toEqual({
      correct: 3,
      valid: 4,
      intersection: [1, 1, 1, 0],
      union: [2, 2, 1, 0],
      labels: [1, 2, 1, 0],
    });
  });

  it("agrees with counting class by class, for any integer array type", () => {
    fc.assert(
      fc.property(maps, ({ classes, pixels }) => {
        const counted = pixels.filter(({ label }) => label !== -1);
        const number = (test: (pixel: { label: number; guess: number }) => boolean) =>
          counted.filter(test).length;
        const perClass = (test: (pixel: { label: number; guess: number }, s: number) => boolean) =>
          Array.from({ length: classes }, (_, s) => number((pixel) => test(pixel, s)));
        const expected = {
          correct: number(({ label, guess }) => label === guess),
          valid: counted.length,
          intersection: perClass(({ label, guess }, s) => label === s && guess === s),
          union: perClass(({ label, guess }, s) => label === s || guess === s),
          labels: perClass(({ label }, s) => label === s),
        };
        const labels = pixels.map(({ label }) => label);
        const guesses = pixels.map(({ guess }) => guess);
        expect(countPixels(Uint8Array.from(guesses), Int16Array.from(labels), classes)).toEqual(expected);
        expect(countPixels(Float32Array.from(guesses), labels, classes)).toEqual(expected);
      }),
    );
  });

  it.each([
    [[255], "label 255 at pixel 0"],
    [[0, 3], "label 3 at pixel 1: expected a class from 0 to 2"],
    [[0, 0.5], "label 0.5 at pixel 1"],
    [[-2], "label -2 at pixel 0"],
    [[Number.NaN], "label NaN at pixel 0"],
  ])("refuses labels %j", (labels, message) => {
    const prediction = new Uint8Array(labels.length);
    expect(() => countPixels(prediction, labels, 3)).toThrow(message);
    expect(() => countPixels(prediction, labels, 3)).toThrow(
      expect.objectContaining({ name: "SeawallError", code: "data" }),
    );
  });

  it("calls impossible predictions our own mistake", () => {
    expect(() => countPixels([3], [0], 3)).toThrow("internal: predicted class 3 at pixel 0");
    expect(() => countPixels([0.5], [0], 3)).toThrow("internal: predicted class 0.5");
    expect(() => countPixels([0], [0, 0], 3)).toThrow("internal: 1 predicted pixels for 2 labels");
    expect(() => countPixels([], [], 0)).toThrow("internal: 0 classes");
    const wide = BigInt64Array.of(0n) as unknown as ArrayLike<number>;
    expect(() => countPixels(wide, [0], 3)).toThrow("internal: predictions are not plain numbers");
    expect(() => countPixels([0], wide, 3)).toThrow("internal: labels are not plain numbers");
  });

  it("accepts a nonsense prediction where no label counts", () => {
    expect(countPixels([7], [-1], 3)).toEqual(noCounts(3));
  });
});

describe("sums of counts", () => {
  const a = countPixels([0, 1, 1], [0, 0, 1], 2);
  const b = countPixels([1, 1], [1, -1], 2);

  it("are the counts of all pixels together", () => {
    expect(addPixelCounts(a, b)).toEqual(countPixels([0, 1, 1, 1, 1], [0, 0, 1, 1, -1], 2));
    expect(sumCounts([a, b])).toEqual(addPixelCounts(a, b));
    expect(addPixelCounts(a, noCounts(2))).toEqual(a);
  });

  it("refuse different numbers of classes and sets without images", () => {
    expect(() => addPixelCounts(a, noCounts(3))).toThrow("internal: counts of 2 and 3 classes");
    expect(() => sumCounts([])).toThrow("internal: a sum over no images");
  });
});

describe("figures", () => {
  // Two images, 3 of 4 and 1 of 1 pixels correct. Class 2 is predicted but never labelled; class 3 does not occur.
  const first = countPixels([0, 0, 1, 2], [0, 0, 1, 1], 4);
  const second = countPixels([1], [1], 4);
  const whole = sumCounts([first, second]);

  it("are those of the definitions", () => {
    expect(pixelAccuracy(whole)).toBe(4 / 5);
    expect(imageAccuracy([first, second])).toBe((3 / 4 + 1) / 2);
    expect(meanAccuracy(whole)).toBe((1 + 2 / 3) / 2);
    expect(perClassIoU(whole)).toEqual([1, 2 / 3, 0, null]);
    expect(meanIoU(whole)).toBe((1 + 2 / 3 + 0) / 3);
    expect(imageMeanIoU([first, second])).toBe(((1 + 1 / 2 + 0) / 3 + 1) / 2);
  });

  it("leave out images without a labelled pixel", () => {
    const empty = countPixels([0, 1], [-1, -1], 4);
    expect(imageAccuracy([first, empty, second])).toBe(imageAccuracy([first, second]));
    expect(imageMeanIoU([empty, first])).toBe(imageMeanIoU([first]));
  });

  it("are null where nothing is measured", () => {
    const nothing = noCounts(3);
    expect([pixelAccuracy, meanAccuracy, meanIoU].map((figure) => figure(nothing))).toEqual([
      null,
      null,
      null,
    ]);
    expect(imageAccuracy([nothing])).toBeNull();
    expect(perClassIoU(nothing)).toEqual([null, null, null]);
  });
});
