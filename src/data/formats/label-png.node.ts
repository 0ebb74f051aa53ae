/** Reading label files: PNGs whose values are class indices. */
import { decode } from "fast-png";
import { messageOf, SeawallError } from "../../base/index.js";
import type { StoredLabels } from "../pixels/labels.js";
import { maxPixels } from "../pixels/transform.js";
import { readBytes } from "./files.node.js";
import { checkPacked, type PngHeader, pngColour, takeApart } from "./png.node.js";

/**
 * The values of an index PNG: palette indices of 1 to 8 bits (never the palette's colours), or grey of 1 to 16 bits.
 * @throws SeawallError `data` when the file is missing, damaged, truncated, too large or contains colours.
 */
export async function readLabelPng(file: string): Promise<StoredLabels> {
  const bytes = await readBytes(file);
  try {
    return decodeLabels(bytes);
  } catch (error) {
    throw new SeawallError(
      "data",
      `${file}: ${messageOf(error)}; labels are expected as an index PNG (palette, or grey of 8 or 16 bits) of at ` +
        `most ${maxPixels} pixels, whose values are class numbers`,
    );
  }
}

function decodeLabels(bytes: Buffer): StoredLabels {
  const parts = takeApart(bytes);
  checkHeader(parts.header);
  checkPacked(parts);
  const { width, height, depth, data } = decode(parts.essential, { checkCrc: true });
  return { width, height, values: depth < 8 ? unpackBits(data, parts.header) : toIntegers(data) };
}

function checkHeader({ width, height, depth, colour, interlaced }: PngHeader): void {
  if (width * height < 1 || width * height > maxPixels)
    throw new Error(`it has ${width}×${height} pixels (width×height)`);
  if (colour !== pngColour.grey && colour !== pngColour.palette) {
    const name = Object.entries(pngColour).find(([, code]) => code === colour)?.[0];
    throw new Error(`it holds colours (${name ?? `type ${colour}`}), not class numbers`);
  }
  if (interlaced && depth < 8) throw new Error(`it is interlaced at ${depth} bits, which is not read`);
}

/** Unpacks values of 1, 2 or 4 bits. The first value is in the highest bits; every row begins at a byte. */
function unpackBits(data: ArrayLike<number>, { width, height, depth }: PngHeader): Uint8Array {
  const perByte = 8 / depth;
  const rowBytes = Math.ceil(width / perByte);
  const values = new Uint8Array(width * height);
  for (let i = 0; i < values.length; i++) {
    const column = i % width;
    const byte = data[Math.floor(i / width) * rowBytes + Math.floor(column / perByte)]!;
    values[i] = (byte >> (8 - depth * (1 + (column % perByte)))) & (2 ** depth - 1);
  }
  return values;
}

function toIntegers(data: Uint8Array | Uint8ClampedArray | Uint16Array): Uint8Array | Uint16Array {
  return data instanceof Uint16Array ? data : Uint8Array.from(data);
}
