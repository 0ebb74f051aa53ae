/** Bytes of pictures, against a reference that goes pixel by pixel, and the size and colours of thumbnails. */
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { classColour } from "../../src/report/index.js";
import { demoPicture, type PictureRow } from "../../src/report/index.node.js";
import { imageBytes, perturbationBytes } from "../../src/report/pictures/pixels.js";
import { thumbnails } from "../../src/report/pictures/thumbnail.node.js";

/** An image of a few pixels, as three planes. */
const image = fc
  .integer({ min: 1, max: 12 })
  .chain((area) =>
    fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 3 * area, maxLength: 3 * area }),
  )
  .map((values) => Float32Array.from(values));

async function decoded(bytes: Uint8Array) {
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [...data.subarray(3 * (y * info.width + x)).subarray(0, 3)];
  return { width: info.width, height: info.height, at, data };
}

describe("bytes", () => {
  it("of an image interleave its planes", () => {
    fc.assert(
      fc.property(image, (planes) => {
        const area = planes.length / 3;
        const expected = Array.from({ length: area }, (_, pixel) =>
          [0, 1, 2].map((colour) => Math.round(255 * planes[colour * area + pixel]!)),
        );
        expect([...imageBytes(planes, { height: 1, width: area })]).toEqual(expected.flat());
      }),
    );
  });

  it("of other channels show the first three, or the first one as grey", () => {
    const size = { height: 1, width: 2 };
    const planes = (channels: number) =>
      Float32Array.from({ length: 2 * channels }, (_, i) => (20 * i) / 255);
    expect([...imageBytes(planes(1), size)]).toEqual([0, 0, 0, 20, 20, 20]);
    expect([...imageBytes(planes(2), size)]).toEqual([0, 0, 0, 20, 20, 20]);
    expect([...imageBytes(planes(5), size)]).toEqual([0, 40, 80, 20, 60, 100]);
  });

  it("of a perturbation are grey without change, and end at the radius", () => {
    const flat = new Float32Array(18).fill(0.5);
    const changes = [-0.25, -0.125, 0, 0.0625, 0.125, 0.25];
    const attacked = flat.map((value, i) => value + changes[i % 6]!);
    const bytes = perturbationBytes(flat, attacked, 0.125, { height: 2, width: 3 });
    // The end of the range is clipped, not wrapped.
    expect([...bytes]).toEqual([0, 0, 128, 191, 255, 255].flatMap((byte) => [byte, byte, byte]));
    expect(new Set(perturbationBytes(flat, attacked, 0, { height: 2, width: 3 }))).toEqual(new Set([128]));
  });
});

describe("thumbnails", () => {
  it.each([
    [400, 200, 160, 80],
    [50, 500, 16, 160],
    [160, 160, 160, 160],
    [7, 3, 7, 3],
  ])("of %d × %d pixels have %d × %d", async (width, height, smallWidth, smallHeight) => {
    const size = { width, height };
    const grey = new Float32Array(3 * width * height).fill(0.5);
    const classes = new Int32Array(width * height);
    for (const bytes of [await thumbnails.image(grey, size), await thumbnails.map(classes, size)]) {
      const small = await decoded(bytes);
      expect([small.width, small.height]).toEqual([smallWidth, smallHeight]);
    }
  });

  it("of class maps hold no colour between those of two classes", async () => {
    const [width, height] = [333, 50];
    const classes = Int8Array.from({ length: width * height }, (_, i) => ((i % width) % 3) - 1);
    const { data } = await decoded(await thumbnails.map(classes, { width, height }));
    const colours = new Set(
      Array.from({ length: data.length / 3 }, (_, i) => data.subarray(3 * i, 3 * i + 3).join()),
    );
    expect(colours).toEqual(new Set([-1, 0, 1].map((label) => classColour(label).join())));
  });
});

describe("the legend of the demo's picture", () => {
  const pixel = (classes: readonly number[]): PictureRow => ({
    ...{ id: "a", height: 1, width: classes.length, reference: classes, prediction: classes },
    image: new Float32Array(3 * classes.length),
    attacked: new Float32Array(3 * classes.length),
    attackedPrediction: classes,
  });
  /** The places of swatches: 10 on a line of a picture with six tiles, 132 pixels apart. */
  const swatch = (i: number, top: number) => ({
    x: 10 + (i % 10) * 132 + 7,
    y: top + 20 * Math.floor(i / 10) + 7,
  });

  it("has each class once, ignored pixels first, and goes on below when a line is full", async () => {
    const classes = [11, 4, 4, -1, 0, 1, 2, 3, 5, 6, 7, 8, 9, 10];
    const { at, height } = await decoded(await demoPicture([pixel(classes)], { radius: 0.1 }));
    const sorted = [...new Set(classes)].sort((a, b) => a - b);
    // The headings, the row of tiles with its captions, then two lines and the margin.
    const top = 30 + 224 / classes.length + 30;
    expect(height).toBe(top + 2 * 20 + 10);
    const seen = sorted.map((_, i) => at(swatch(i, top).x, swatch(i, top).y));
    expect(seen).toEqual(sorted.map((label) => [...classColour(label)]));
    const { x, y } = swatch(sorted.length, top);
    expect(at(x, y)).toEqual([255, 255, 255]);
  });
});
