/** Label images that show classes as colours: a palette says which class a colour stands for. */
import { SeawallError } from "../../base/index.js";
import { ignored } from "./labels.js";

/** Colours as red · 65536 + green · 256 + blue, and their classes; −1: counts nowhere. */
export type Palette = ReadonlyMap<number, number>;

type Colour = readonly [red: number, green: number, blue: number];

const keyOf = ([red, green, blue]: Colour) => (red << 16) | (green << 8) | blue;

/** @param groups the colours of the first class, of the second, … @param nowhere the colour that counts nowhere */
function paletteOf(groups: readonly (readonly Colour[])[], nowhere: Colour): Palette {
  const classes = groups.flatMap((colours, label) =>
    colours.map((colour) => [keyOf(colour), label] as const),
  );
  return new Map([...classes, [keyOf(nowhere), ignored]]);
}

/** PASCAL VOC: the bits of the class number, spread over the high bits of the three colours. */
function vocColour(label: number): Colour {
  const colour: [number, number, number] = [0, 0, 0];
  for (let bit = 0; bit < 8; bit++) {
    for (const channel of [0, 1, 2]) colour[channel]! |= ((label >> (3 * bit + channel)) & 1) << (7 - bit);
  }
  return colour;
}

/** Cityscapes' 19 classes, by train id. */
const cityscapes: readonly Colour[] = [
  [128, 64, 128],
  [244, 35, 232],
  [70, 70, 70],
  [102, 102, 156],
  [190, 153, 153],
  [153, 153, 153],
  [250, 170, 30],
  [220, 220, 0],
  [107, 142, 35],
  [152, 251, 152],
  [70, 130, 180],
  [220, 20, 60],
  [255, 0, 0],
  [0, 0, 142],
  [0, 0, 70],
  [0, 60, 100],
  [0, 80, 100],
  [0, 0, 230],
  [119, 11, 32],
];

/** CamVid's 32 classes in the eleven groups of SegNet's release. */
const camvid: readonly (readonly Colour[])[] = [
  [[128, 128, 128]],
  [
    [128, 0, 0],
    [192, 0, 128],
    [0, 128, 64],
    [64, 0, 64],
    [64, 192, 0],
  ],
  [
    [192, 192, 128],
    [0, 0, 64],
  ],
  [
    [128, 64, 128],
    [128, 0, 192],
    [192, 0, 64],
  ],
  [
    [0, 0, 192],
    [64, 192, 128],
    [128, 128, 192],
  ],
  [
    [128, 128, 0],
    [192, 192, 0],
  ],
  [
    [192, 128, 128],
    [128, 128, 64],
    [0, 64, 64],
  ],
  [[64, 64, 128]],
  [
    [64, 0, 128],
    [128, 64, 64],
    [64, 128, 192],
    [192, 64, 128],
    [192, 128, 192],
  ],
  [
    [64, 64, 0],
    [64, 128, 64],
    [64, 0, 192],
    [192, 128, 64],
  ],
  [
    [0, 128, 192],
    [192, 0, 192],
  ],
];

/** The palettes that have a name. */
export const palettes: Readonly<Record<string, Palette>> = {
  voc: paletteOf(
    Array.from({ length: 21 }, (_, label) => [vocColour(label)]),
    vocColour(255),
  ),
  cityscapes: paletteOf(
    cityscapes.map((colour) => [colour]),
    [0, 0, 0],
  ),
  camvid: paletteOf(camvid, [0, 0, 0]),
};

/**
 * Reads a palette file: one line a class, in order, with red, green and blue from 0 to 255 (`128 64 128 road`). A line
 * that begins with `ignore` names a colour that counts nowhere. Empty lines and lines that begin with # are skipped.
 * @param file names the file in messages
 * @throws SeawallError `data` naming the line
 */
export function parsePalette(content: string, file: string): Palette {
  const palette = new Map<number, number>();
  let classes = 0;
  for (const [i, line] of content.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const match = /^(ignore\s+)?(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})(?:[\s,].*)?$/.exec(trimmed);
    const colour = match?.slice(2, 5).map(Number) ?? [];
    const [red = 256, green = 256, blue = 256] = colour;
    const key = keyOf([red, green, blue]);
    if (!match || Math.max(red, green, blue) > 255 || palette.has(key)) {
      throw new SeawallError(
        "data",
        `${file}: line ${i + 1}, "${trimmed.slice(0, 60)}": expected red, green and blue from 0 to 255, each colour once, as in "128 64 128 road"`,
      );
    }
    palette.set(key, match[1] ? ignored : classes++);
  }
  if (classes === 0) throw new SeawallError("data", `${file}: names no class; expected one colour a line`);
  return palette;
}
