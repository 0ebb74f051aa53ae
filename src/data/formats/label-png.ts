/** Reading PNG label files, whose values are class numbers or colours. */
import { decode } from "fast-png";
import { fromRgb, type StoredLabels } from "../pixels/stored.js";
import { maxPixels } from "../pixels/transform.js";
import { type PngHeader, type PngParts, pngChannels, takeApart } from "./png.js";

/** The parts of a PNG that can hold labels. @throws Error describing the problem, without the file's name */
export function labelPngParts(bytes: Uint8Array): PngParts {
  const parts = takeApart(bytes);
  checkHeader(parts.header);
  return parts;
}

/**
 * The values of a PNG: palette indices of 1 to 8 bits, grey of 1 to 16 bits, or colours of 8 bits. Transparency is
 * dropped. Numbers that a tool stored as equal red, green and blue are numbers.
 * @param parts whose packed pixels were found to unpack to as many as the header says
 * @throws Error describing the problem, without the file's name
 */
export function decodeLabelPng(parts: PngParts): StoredLabels {
  const { header } = parts;
  const { width, height, depth, data, channels, palette } = decode(parts.essential, { checkCrc: true });
  const size = { width, height };
  refuseHidden(data, channels);
  if (channels >= 3) return fromRgb(size, data, channels);
  if (depth < 8) return { ...size, values: unpackBits(data, header), ...coloursOf(palette) };
  return { ...size, values: firstChannel(data, channels), ...coloursOf(palette) };
}

function checkHeader({ width, height, depth, colour, interlaced }: PngHeader): void {
  if (width * height < 1 || width * height > maxPixels)
    throw new Error(`it has ${width}×${height} pixels (width×height)`);
  if (pngChannels(colour) === undefined) throw new Error(`it has the unknown colour type ${colour}`);
  if (depth > 8 && pngChannels(colour)! >= 3) throw new Error(`its colours have ${depth} bits`);
  if (interlaced && depth < 8) throw new Error(`it is interlaced at ${depth} bits, which is not read`);
}

function coloursOf(palette: readonly (readonly number[])[] | undefined): { colours?: Uint32Array } {
  if (!palette) return {};
  return {
    colours: Uint32Array.from(palette, ([red = 0, green = 0, blue = 0]) => red * 65536 + green * 256 + blue),
  };
}

/** Refuses a mask that is drawn in the transparency of one colour. */
function refuseHidden(data: ArrayLike<number>, channels: number): void {
  const alpha = channels - 1;
  if (channels !== 2 && channels !== 4) return;
  let [isPlain, isOpaque] = [true, true];
  for (let i = 0; i < data.length; i++) {
    const channel = i % channels;
    if (channel === alpha) isOpaque &&= data[i] === data[alpha];
    else isPlain &&= data[i] === data[channel];
  }
  if (isPlain && !isOpaque) throw new Error("it has one colour, and its values are in the transparency");
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

/** The values of one channel, without the transparency that may follow it. */
function firstChannel(
  data: Uint8Array | Uint8ClampedArray | Uint16Array,
  channels: number,
): Uint8Array | Uint16Array {
  if (channels > 1) return data.filter((_, i) => i % channels === 0) as Uint8Array | Uint16Array;
  return data instanceof Uint16Array ? data : Uint8Array.from(data);
}
