/** Augmented crops and blurs against Pillow (golden file of tools/augment_golden.py). */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/index.js";
import { type Augmentation, augmentImage, augmentLabels, gaussianBlur } from "../../src/data/index.js";
import { imageOf, labelsOf, noise } from "./pixels.js";

type Packed = { base64?: string; sha256?: string };
type Pair = [number, number];
interface Drawn {
  from: Pair;
  flipped: boolean;
  scaled: Pair;
  corner: Pair;
  crop: Pair;
  radius: number;
  image: Packed;
  labels: Packed;
}
const golden: { crops: Drawn[]; blurs: { shape: Pair; radius: number; image: Packed }[] } = JSON.parse(
  readFileSync(new URL("../golden/augment.json", import.meta.url), "utf8"),
);

/** In full where the golden file has it in full, so that a failure shows which bytes differ. */
function packedLike(wanted: Packed, data: Uint8Array | Float32Array): Packed {
  const bytes = Uint8Array.from(data);
  return wanted.base64 === undefined
    ? { sha256: sha256(bytes) }
    : { base64: Buffer.from(bytes).toString("base64") };
}

const sizeOf = ([height, width]: Pair) => ({ height, width });

it.each(golden.crops)("Pillow's crop of $from: $scaled, $corner, $crop, blurred by $radius", (one) => {
  const [scaled, crop] = [sizeOf(one.scaled), sizeOf(one.crop)];
  const [top, left] = one.corner;
  const height = Math.min(crop.height, scaled.height);
  const width = Math.min(crop.width, scaled.width - left);
  const drawn: Augmentation = {
    mirrored: one.flipped,
    scaled,
    part: { top, left, height, width },
    blurRadius: one.radius,
  };
  const pixels = noise(one.from[0] * one.from[1] * 3);
  const classes = pixels.filter((_, i) => i % 3 === 0);

  const image = augmentImage(imageOf(...one.from, pixels), drawn, crop);
  const labels = augmentLabels(labelsOf(...one.from, classes), drawn, crop, 0);

  expect(packedLike(one.image, image.data)).toEqual(one.image);
  expect(packedLike(one.labels, Uint8Array.from(labels.data))).toEqual(one.labels);
});

describe("the Gaussian blur", () => {
  it.each(golden.blurs)("of $shape by $radius is Pillow's", ({ shape, radius, image }) => {
    expect(packedLike(image, gaussianBlur(imageOf(...shape), radius).data)).toEqual(image);
  });

  it("keeps a flat colour", () => {
    fc.assert(
      fc.property(fc.nat(255), fc.double({ min: 0, max: 1, noNaN: true }), (byte, radius) => {
        const flat = imageOf(4, 5, new Uint8Array(60).fill(byte));
        expect(gaussianBlur(flat, radius)).toEqual(flat);
      }),
    );
  });
});
