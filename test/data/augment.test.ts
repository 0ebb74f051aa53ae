/** Augmentations: what is drawn, and that image and labels are cut alike. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomStream } from "../../src/base/index.js";
import {
  type Augmentation,
  type AugmentOptions,
  augmentImage,
  augmentLabels,
  completeAugment,
  crop,
  drawAugmentation,
  resizeBilinear,
  resizeBilinearPart,
  resizeNearest,
  resizeNearestPart,
} from "../../src/data/index.js";
import { imageOf, labelsOf, noise } from "./pixels.js";

const size = (height: number, width: number) => ({ height, width });
const options = completeAugment({ crop: size(473, 473), baseSize: 512 });

function draws(count: number, from = size(375, 500), asked = options): Augmentation[] {
  return Array.from({ length: count }, (_, i) => drawAugmentation(from, asked, randomStream("test", i)));
}

describe("what is drawn", () => {
  it("has a short side from ⌊0.5·base⌋ to ⌊2·base⌋, both reached, and the long side floored", () => {
    const few = completeAugment({ crop: size(4, 4), baseSize: 5 });
    const sides = draws(400, size(40, 70), few).map(({ scaled }) => scaled);
    expect(new Set(sides.map(({ height }) => height))).toEqual(new Set([2, 3, 4, 5, 6, 7, 8, 9, 10]));
    for (const { height, width } of sides) expect(width).toBe(Math.floor((height * 70) / 40));
    const tall = draws(50, size(70, 40), few).map(({ scaled }) => scaled);
    for (const { height, width } of tall) expect(height).toBe(Math.floor((width * 70) / 40));
  });

  it("flips and blurs half of the images, with radii from 0 to 1", () => {
    const drawn = draws(1000);
    const share = (holds: (one: Augmentation) => boolean) => drawn.filter(holds).length / drawn.length;
    // Five standard deviations of a fair coin thrown a thousand times.
    expect(Math.abs(share(({ mirrored }) => mirrored) - 0.5)).toBeLessThan(0.08);
    expect(Math.abs(share(({ blurRadius }) => blurRadius > 0) - 0.5)).toBeLessThan(0.08);
    const radii = drawn.map(({ blurRadius }) => blurRadius);
    expect(Math.max(...radii)).toBeLessThan(1);
    expect(Math.max(...radii)).toBeGreaterThan(0.9);
  });

  it("cuts anywhere inside the scaled image, both ends included", () => {
    const asked = completeAugment({ crop: size(3, 3), baseSize: 5, scale: [1, 1] });
    const parts = draws(300, size(5, 6), asked).map(({ part }) => part);
    expect(new Set(parts.map(({ top }) => top))).toEqual(new Set([0, 1, 2]));
    expect(new Set(parts.map(({ left }) => left))).toEqual(new Set([0, 1, 2, 3]));
  });

  it("is the same for the same key, and one option leaves alone what the others draw", () => {
    expect(draws(20)).toEqual(draws(20));
    const still = draws(20, size(375, 500), completeAugment({ ...options, flip: 0, blur: 0 }));
    expect(still.map(({ mirrored, blurRadius }) => [mirrored, blurRadius])).toEqual(
      Array(20).fill([false, 0]),
    );
    expect(still.map(({ scaled, part }) => [scaled, part])).toEqual(
      draws(20).map(({ scaled, part }) => [scaled, part]),
    );
  });
});

describe("the crop", () => {
  const drawn: Augmentation = {
    mirrored: true,
    scaled: size(2, 3),
    part: { top: 0, left: 0, height: 2, width: 3 },
    blurRadius: 0,
  };

  it("is padded right and below: black, and counted nowhere unless a class is asked for", () => {
    const image = augmentImage(imageOf(2, 3, new Uint8Array(18).fill(9)), drawn, size(3, 4));
    expect([...image.data].map((byte, i) => byte && (i % 12 < 9 ? 1 : 2))).toEqual(
      [1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0].flatMap((value) => [value, value, value]),
    );
    const labels = labelsOf(2, 3, [1, 2, 3, 4, 5, 6]);
    expect([...augmentLabels(labels, drawn, size(3, 4), -1).data]).toEqual([
      3, 2, 1, -1, 6, 5, 4, -1, -1, -1, -1, -1,
    ]);
    expect(augmentLabels(labels, drawn, size(3, 4), 0).data[3]).toBe(0);
  });

  it("moves image and labels alike: of flat regions each label keeps its colour", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 8, max: 40 }),
        fc.integer({ min: 8, max: 40 }),
        fc.nat(),
        (h, w, seed) => {
          const classes = Array.from({ length: h * w }, (_, i) => (i % w < w / 3 ? 1 : 0));
          const asked = completeAugment({ crop: size(12, 16), blur: 0 });
          const one = drawAugmentation(size(h, w), asked, randomStream(seed));
          const image = augmentImage(
            imageOf(h, w, Uint8Array.from(classes.flatMap((c) => [c * 255, 255, 0]))),
            one,
            asked.crop,
          );
          const labels = augmentLabels(labelsOf(h, w, classes), one, asked.crop, -1);
          labels.data.forEach((label, i) => {
            const [red, green] = [image.data[3 * i]!, image.data[3 * i + 1]!];
            if (label === -1) expect([red, green]).toEqual([0, 0]);
            else if (red === 0 || red === 255) expect([red, green]).toEqual([label * 255, 255]);
          });
        },
      ),
    );
  });

  it("computes of a resize only its part, bit for bit", () => {
    const side = fc.integer({ min: 1, max: 40 });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(side, side, side, side, share, share, share, share, (h, w, height, width, a, b, c, d) => {
        const top = Math.floor(a * (height - 1));
        const left = Math.floor(b * (width - 1));
        const part = {
          top,
          left,
          height: 1 + Math.floor(c * (height - top - 1)),
          width: 1 + Math.floor(d * (width - left - 1)),
        };
        const image = imageOf(h, w);
        const labels = labelsOf(h, w, noise(h * w));
        const whole = size(height, width);
        expect(resizeBilinearPart(image, whole, part)).toEqual(
          crop(resizeBilinear(image, whole), top, left, size(part.height, part.width)),
        );
        expect(resizeNearestPart(labels, whole, part)).toEqual(
          crop(resizeNearest(labels, whole), top, left, size(part.height, part.width)),
        );
      }),
    );
  });

  it("turns the image around before all else, bit for bit", () => {
    const side = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(side, side, side, side, (h, w, height, width) => {
        const [image, labels] = [imageOf(h, w), labelsOf(h, w, noise(h * w))];
        const turned = {
          ...image,
          data: image.data.map((_, i) => image.data[turn(Math.floor(i / 3), w) * 3 + (i % 3)]!),
        };
        const turnedLabels = { ...labels, data: labels.data.map((_, i) => labels.data[turn(i, w)]!) };
        const [whole, part] = [size(height, width), { top: 0, left: 0, height, width }];
        expect(resizeBilinearPart(image, whole, part, true)).toEqual(resizeBilinear(turned, whole));
        expect(resizeNearestPart(labels, whole, part, true)).toEqual(resizeNearest(turnedLabels, whole));
      }),
    );
  });
});

/** The pixel that stands at position i after left and right are exchanged. */
function turn(i: number, width: number): number {
  return i - (i % width) + (width - 1 - (i % width));
}

describe("wrong options", () => {
  it.each<[AugmentOptions, string]>([
    [{ crop: size(0, 4) }, "crop must be a positive whole number"],
    [{ crop: size(4, 2.5) }, "crop must be a positive whole number"],
    [{ crop: size(2 ** 14, 2 ** 14) }, "crop must be at most"],
    [{ crop: size(4, 4), baseSize: 0 }, "baseSize must be"],
    [{ crop: size(4, 4), baseSize: 1 }, "scale must be"],
    [{ crop: size(4, 4), scale: [2, 1] }, "scale must be"],
    [{ crop: size(4, 4), scale: [1, Number.NaN] }, "scale must be"],
    [{ crop: size(4, 4), flip: 1.5 }, "flip must be a probability"],
    [{ crop: size(4, 4), blur: Number.NaN }, "blur must be a probability"],
    [{ crop: size(4, 4), padLabel: 0.5 }, "padLabel must be a class, or -1"],
  ])("%o", (wrong, message) => {
    expect(() => completeAugment(wrong)).toThrow(message);
  });
});
