/** The chain of evaluation transforms. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  applyToImage,
  applyToLabels,
  centreCrop,
  crop,
  planSteps,
  resizeShort,
  transforms,
} from "../../src/data/index.js";
import { imageOf, labelsOf } from "./pixels.js";

const size = (height: number, width: number) => ({ height, width });

describe("resizeShort", () => {
  it.each([
    [size(375, 500), 473, size(473, 630)],
    [size(500, 375), 473, size(630, 473)],
    [size(333, 500), 473, size(473, 710)],
    [size(400, 400), 473, size(473, 473)],
    [size(512, 683), 512, size(512, 683)],
  ])("%o, short side %d: %o", (from, side, to) => {
    expect(resizeShort(side)(from)).toEqual({ kind: "resize", size: to });
  });
});

describe("centreCrop", () => {
  it.each([
    [10, 4, 3],
    [11, 4, 4], // 3.5
    [9, 4, 2], // 2.5
    [7, 4, 2], // 1.5
    [5, 4, 0], // 0.5
    [4, 4, 0],
  ])("%d pixels to %d: offset %d, a half going to the even side", (from, to, offset) => {
    expect(centreCrop(to, 1)(size(from, 1))).toMatchObject({ top: offset, left: 0 });
    expect(centreCrop(1, to)(size(1, from))).toMatchObject({ top: 0, left: offset });
  });

  it("refuses a crop that does not fit", () => {
    expect(() => centreCrop(473, 473)(size(300, 600))).toThrow(
      "--crop 473x473 (height×width) does not fit into 600×300 pixels (width×height); resize first with --resize-short 473",
    );
  });

  it("cuts out the rows and columns it says", () => {
    const labels = labelsOf(3, 4, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(crop(labels, 1, 2, size(2, 2)).data).toEqual(Int32Array.of(6, 7, 10, 11));
  });
});

describe("the chain", () => {
  it("resizes the short side, crops, then goes to the model's size", () => {
    const chosen = transforms({ resizeShort: 20, crop: [16, 18], size: [8, 8] });
    expect(planSteps(size(40, 60), chosen)).toEqual([
      { kind: "resize", size: size(20, 30) },
      { kind: "crop", top: 2, left: 6, size: size(16, 18) },
      { kind: "resize", size: size(8, 8) },
    ]);
  });

  it("moves image and labels alike: of flat regions each label keeps its colour", () => {
    const side = fc.integer({ min: 2, max: 30 });
    fc.assert(
      fc.property(side, side, side, (height, width, short) => {
        const classes = Array.from({ length: height * width }, (_, i) => (i % width < width / 2 ? 0 : 1));
        const image = imageOf(height, width, Uint8Array.from(classes.flatMap((c) => [c * 255, 0, 0])));
        const steps = planSteps(size(height, width), transforms({ resizeShort: short }));
        const colours = applyToImage(image, steps);
        const labels = applyToLabels(labelsOf(height, width, classes), steps);
        labels.data.forEach((label, i) => {
          const red = colours.data[3 * i]!;
          if (red === 0 || red === 255) expect(label * 255).toBe(red);
        });
      }),
    );
  });

  it.each([
    [{ resizeShort: 0 }, "--resize-short: expected a positive whole number"],
    [{ crop: [4, 2.5] as const }, "--crop: expected a positive whole number"],
    [{ size: [-1, 4] as const }, "model's input size: expected a positive whole number"],
  ])("refuses %o", (options, message) => {
    expect(() => transforms(options)).toThrow(message);
  });

  it("refuses to blow up a sliver", () => {
    expect(() => planSteps(size(1, 200_000), transforms({ resizeShort: 512 }))).toThrow(
      "200000×1 pixels (width×height) would become 102400000×512",
    );
  });
});
