/** The demo's picture: colours that can be told apart, and the content of each tile. */
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { classColour, palette, type Rgb } from "../../src/report/index.js";
import { demoPicture, type PictureRow } from "../../src/report/index.node.js";

/** Simulation of colour blindness in linear sRGB: Machado, Oliveira and Fernandes 2009, severity 1. */
const visions = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
} as const;

/** A colour in CIELAB under a simulated vision. */
function lab(colour: Rgb, m: readonly number[]): number[] {
  const [r, g, b] = colour.map((byte) => {
    const c = byte / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const seen = [0, 3, 6].map((i) => Math.min(1, Math.max(0, m[i]! * r + m[i + 1]! * g + m[i + 2]! * b)));
  const [x, y, z] = seen as [number, number, number];
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const fx = f((0.4124 * x + 0.3576 * y + 0.1805 * z) / 0.95047);
  const fy = f(0.2126 * x + 0.7152 * y + 0.0722 * z);
  const fz = f((0.0193 * x + 0.1192 * y + 0.9505 * z) / 1.08883);
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

describe("palette", () => {
  it.each(Object.entries(visions))("keeps all colours apart in %s vision", (_, matrix) => {
    const colours = [...palette, classColour(-1)].map((colour) => lab(colour, matrix));
    for (const [i, a] of colours.entries()) {
      for (const b of colours.slice(0, i)) {
        const distance = Math.hypot(...a.map((value, k) => value - b[k]!));
        // A distance of about 2 is just noticeable side by side.
        expect(distance).toBeGreaterThan(10);
      }
    }
  });

  it("repeats beyond its end and keeps black for what counts nowhere", () => {
    expect(classColour(palette.length)).toEqual(classColour(0));
    expect(classColour(-1)).toEqual([0, 0, 0]);
  });
});

/** A grey image of 2×2 pixels. The attack adds ε to the left column and subtracts it from the right. */
const radius = 1 / 255;
const half = 0.5;
const plane = [half + radius, half - radius, half + radius, half - radius];
const row: PictureRow = {
  id: "a <b> & c",
  height: 2,
  width: 2,
  image: new Float32Array(12).fill(half),
  attacked: Float32Array.from([...plane, ...plane, ...plane]),
  reference: [0, 0, 1, -1],
  prediction: [0, 0, 1, 1],
  attackedPrediction: [2, 0, 1, 1],
};

async function pixelsOf(png: Uint8Array) {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return {
    ...info,
    at: (x: number, y: number) => [...data.subarray(3 * (y * info.width + x), 3 * (y * info.width + x) + 3)],
  };
}

/** A pixel in the middle of quarter (i, j) of a column's tile in the first row. */
const place = (column: number, i: number, j: number) => ({
  x: 10 + column * 234 + 20 + 184 * j,
  y: 30 + 20 + 184 * i,
});

describe("demoPicture", () => {
  it("shows label, predictions and a perturbation that fills the grey scale", async () => {
    const picture = await pixelsOf(
      await demoPicture([row, row], { radius, classNames: ["sky", "road", "car"] }),
    );
    const at = (column: number, i: number, j: number) => {
      const { x, y } = place(column, i, j);
      return picture.at(x, y);
    };
    expect(picture.width).toBe(10 + 6 * 234);
    expect(at(0, 0, 0)).toEqual([128, 128, 128]);
    expect([at(2, 0, 0), at(2, 1, 0), at(2, 1, 1)]).toEqual([classColour(0), classColour(1), [0, 0, 0]]);
    expect([at(3, 1, 1), at(4, 0, 0)]).toEqual([classColour(1), classColour(2)]);
    expect(at(5, 0, 0)[0]).toBeGreaterThan(240);
    expect(at(5, 0, 1)[0]).toBeLessThan(15);
  });

  it("shows the reference once when it is the prediction itself", async () => {
    const picture = await pixelsOf(await demoPicture([row], { radius, self: true }));
    expect(picture.width).toBe(10 + 5 * 234);
  });

  it("keeps proportions, and draws an unattacked image grey", async () => {
    const flat = { ...row, height: 1, width: 4, attacked: row.image, reference: [0, 0, 0, 0] };
    const picture = await pixelsOf(await demoPicture([flat], { radius: 0.01 }));
    expect(picture.at(place(5, 0, 0).x, 50)).toEqual([128, 128, 128]);
    expect(picture.height).toBeLessThan(150);
  });
});
