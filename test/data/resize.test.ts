/** The two filters against Pillow (golden files of tools/pillow_resize.py), and what must hold of any resize. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/index.js";
import { resizeBilinear, resizeNearest, type Size } from "../../src/data/index.js";
import { imageOf, labelsOf, noise } from "./pixels.js";

type Packed = { base64?: string; sha256?: string };
interface Case {
  from: [number, number];
  to: [number, number];
  bilinear: Packed;
  nearest: Packed;
}
const golden: { cases: Case[] } = JSON.parse(
  readFileSync(new URL("../golden/pillow_resize.json", import.meta.url), "utf8"),
);

/** In full where the golden file has it in full, so that a failure shows which bytes differ. */
function packedLike(wanted: Packed, data: Uint8Array | Float32Array): Packed {
  const bytes = Uint8Array.from(data);
  return wanted.base64 === undefined
    ? { sha256: sha256(bytes) }
    : { base64: Buffer.from(bytes).toString("base64") };
}

describe("Pillow", () => {
  it.each(golden.cases)("$from to $to, bit for bit", ({ from, to, bilinear, nearest }) => {
    const size: Size = { height: to[0], width: to[1] };
    const pixels = noise(from[0] * from[1] * 3);
    const firstChannel = pixels.filter((_, i) => i % 3 === 0);

    const image = resizeBilinear(imageOf(from[0], from[1], pixels), size);
    const labels = resizeNearest(labelsOf(from[0], from[1], firstChannel), size);

    expect(packedLike(bilinear, image.data)).toEqual(bilinear);
    expect(packedLike(nearest, Uint8Array.from(labels.data))).toEqual(nearest);
  });
});

describe("any resize", () => {
  const side = fc.integer({ min: 1, max: 40 });

  it("has the size asked for and keeps bytes between the smallest and the largest", () => {
    fc.assert(
      fc.property(side, side, side, side, (h, w, height, width) => {
        const image = imageOf(h, w);
        const result = resizeBilinear(image, { height, width });
        expect(result).toMatchObject({ height, width, channels: 3 });
        expect(result.data.length).toBe(height * width * 3);
        expect(Math.max(...result.data)).toBeLessThanOrEqual(Math.max(...image.data));
        expect(Math.min(...result.data)).toBeGreaterThanOrEqual(Math.min(...image.data));
      }),
    );
  });

  it("changes nothing when the size stays", () => {
    fc.assert(
      fc.property(side, side, (height, width) => {
        const image = imageOf(height, width);
        const labels = labelsOf(height, width, noise(height * width));
        expect(resizeBilinear(image, { height, width }).data).toEqual(image.data);
        expect(resizeNearest(labels, { height, width }).data).toEqual(labels.data);
      }),
    );
  });

  it("keeps a flat colour, however many pixels are averaged", () => {
    // With six million taps most weights round up, and their sum is far above one.
    for (const width of [9000, 6_000_000]) {
      const white = imageOf(1, width, new Uint8Array(3 * width).fill(255));
      expect(resizeBilinear(white, { height: 1, width: 1 }).data).toEqual(Uint8Array.of(255, 255, 255));
    }
  });

  it("invents no label", () => {
    fc.assert(
      fc.property(side, side, side, side, (h, w, height, width) => {
        const labels = labelsOf(h, w, noise(h * w));
        const known = new Set([...labels.data, -1]);
        labels.data[0] = -1;
        const result = resizeNearest(labels, { height, width });
        expect(result.data.length).toBe(height * width);
        expect(result.data.every((label) => known.has(label))).toBe(true);
      }),
    );
  });
});

it.each([
  [2, 3, "m7pzPXcI3D30yzY+oWrUPibeDz+Fczs/"],
  [
    5,
    7,
    "AAAAAIdvQTtid/s7lkGpPKN+Ez1oNnQ9oVSYPd6lWD1ftoU9eVWuPYrh5z3KIRM+S8k6PvyRUz6rZwc+WpsiPj8hTj7QDoE+fkKcPmqxuz6+Vs8+I5G9PvZr0j4VyvM+uLEMPyYZID8ynjU/WRFDP6tnBz8TQBQ/h80oP5h4Pz9qvlY/2iFwPwAAgD8=",
  ],
])("floats become %i×%i as in Pillow's mode F, bit for bit", (height, width, packed) => {
  // Image.fromarray((arange(12, float32).reshape(3, 4) ** 2 / 121).astype(float32)).resize((width, height), BILINEAR)
  const data = Float32Array.from({ length: 12 }, (_, i) => Math.fround(i ** 2) / Math.fround(121));
  const resized = resizeBilinear({ height: 3, width: 4, channels: 1, data }, { height, width });
  expect(Buffer.from((resized.data as Float32Array).buffer).toString("base64")).toBe(packed);
});
