/** Reading BMP label files: the common uncompressed forms, with every length checked. */
import { fromRgb, type StoredLabels } from "../pixels/stored.js";
import { maxPixels } from "../pixels/transform.js";

/** Sizes of the file header, of the least info header, and of an entry of the palette. */
const [fileHeader, infoHeader, paletteEntry] = [14, 40, 4];
/** Compression numbers of the format: none, and none with masks, which must be the usual ones. */
const [uncompressed, withMasks] = [0, 3];
const usualMasks = [0x00ff0000, 0x0000ff00, 0x000000ff];

export function isBmp(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, 2) === "BM";
}

interface BmpHeader {
  readonly width: number;
  readonly height: number;
  /** Rows are stored from the top. */
  readonly topDown: boolean;
  readonly bits: number;
  /** Where palette and pixels begin, and how many colours the palette has. */
  readonly palette: number;
  readonly colours: number;
  readonly pixels: number;
}

/**
 * The values of a BMP of 1, 4, 8, 24 or 32 bits: indices into its palette, or colours.
 * @throws Error describing the problem, without the file's name
 */
export function decodeBmp(bytes: Buffer): StoredLabels {
  const header = readHeader(bytes);
  const { width, height, bits, topDown, pixels } = header;
  const rowBytes = 4 * Math.ceil((width * bits) / 32);
  if (pixels + rowBytes * height > bytes.length) throw new Error("the file is truncated");
  const row = (y: number) => pixels + rowBytes * (topDown ? y : height - 1 - y);
  if (bits >= 24) return coloursOf(bytes, header, row);
  const values = new Uint8Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const bit = x * bits;
      values[i] = (bytes[row(y) + (bit >> 3)]! >> (8 - bits - (bit & 7))) & (2 ** bits - 1);
    }
  }
  return { width, height, values, colours: paletteOf(bytes, header) };
}

function readHeader(bytes: Buffer): BmpHeader {
  if (bytes.length < fileHeader + infoHeader) throw new Error("the file is truncated");
  const size = bytes.readUInt32LE(fileHeader);
  const bits = bytes.readUInt16LE(28);
  const compression = bytes.readUInt32LE(30);
  const [width, signedHeight] = [bytes.readInt32LE(18), bytes.readInt32LE(22)];
  const height = Math.abs(signedHeight);
  if (size < infoHeader) throw new Error("its header is that of an old BMP version");
  if (width < 1 || height < 1 || width * height > maxPixels)
    throw new Error(`it has ${width}×${height} pixels (width×height)`);
  if (![1, 4, 8, 24, 32].includes(bits)) throw new Error(`it has ${bits} bits per pixel`);
  const masked = compression === withMasks && bits === 32;
  if (compression !== uncompressed && !masked) throw new Error("it is compressed");
  if (masked && !usualMasks.every((mask, i) => bytes.length >= 66 && bytes.readUInt32LE(54 + 4 * i) === mask))
    throw new Error("its colours have unusual masks");
  const palette = fileHeader + size;
  const colours = bits > 8 ? 0 : Math.min(bytes.readUInt32LE(46) || 2 ** bits, 2 ** bits);
  const pixels = bytes.readUInt32LE(10);
  if (pixels < palette + paletteEntry * colours) throw new Error("its palette is truncated");
  return { width, height, topDown: signedHeight < 0, bits, palette, colours, pixels };
}

/** The colours of the palette, stored as blue, green, red. */
function paletteOf(bytes: Buffer, { palette, colours }: BmpHeader): Uint32Array {
  return Uint32Array.from({ length: colours }, (_, i) => bytes.readUIntLE(palette + paletteEntry * i, 3));
}

function coloursOf(
  bytes: Buffer,
  { width, height, bits }: BmpHeader,
  row: (y: number) => number,
): StoredLabels {
  const rgb = new Uint8Array(3 * width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let at = row(y), x = 0; x < width; x++, at += bits / 8, i += 3) {
      [rgb[i], rgb[i + 1], rgb[i + 2]] = [bytes[at + 2]!, bytes[at + 1]!, bytes[at]!];
    }
  }
  return fromRgb({ width, height }, rgb, 3);
}
