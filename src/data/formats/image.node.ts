/** Decoding images: the values that a file stores, whatever their number of bands and their type. */
import sharp from "sharp";
import { messageOf, SeawallError } from "../../base/index.js";
import type { StoredImage, StoredType } from "../pixels/encoding.js";
import { maxPixels } from "../pixels/transform.js";
import { readBytes } from "./files.node.js";
import { marksAlpha } from "./tiff.js";

/** Accepted formats, by their first bytes. The decoder knows more formats, some of which can run code. */
const formats: Readonly<Record<string, (start: string) => boolean>> = {
  jpeg: (start) => start.startsWith("\xff\xd8\xff"),
  png: (start) => start.startsWith("\x89PNG\r\n\x1a\n"),
  tiff: (start) => /^(?:II[*+]\0|MM\0[*+])/.test(start),
  webp: (start) => start.startsWith("RIFF") && start.startsWith("WEBP", 8),
};

/**
 * Colour spaces whose values are red, green and blue, or grey, with or without further bands; and the space in which the
 * decoder hands out their values as they are. In its space b-w it would leave out all bands but the first.
 */
const colourSpaces: Readonly<Record<string, "srgb" | "rgb16" | "grey16" | "scrgb">> = {
  srgb: "srgb",
  "b-w": "srgb",
  rgb16: "rgb16",
  grey16: "grey16",
  scrgb: "scrgb",
};

/** The most bands of an image, and the most values of all its bands together. */
const maxBands = 256;
export const maxValues = 4 * maxPixels;

/**
 * The values of an image file. Colour profiles and gamma are not applied, palettes are. Files with several pages give
 * the first.
 * @throws SeawallError `data` when the file is missing, damaged, truncated, too large, or of another format.
 */
export async function readImage(file: string): Promise<StoredImage> {
  const bytes = await readBytes(file);
  const start = bytes.toString("latin1", 0, 16);
  const format = Object.keys(formats).find((name) => formats[name]!(start));
  if (format === undefined) {
    throw new SeawallError(
      "data",
      `${file}: not a ${Object.keys(formats).join(", ")} image; convert it to png`,
    );
  }
  try {
    return await decode(bytes, format, file);
  } catch (error) {
    if (error instanceof SeawallError) throw error;
    throw new SeawallError(
      "data",
      `${file}: cannot be decoded (${messageOf(error).trim()}); expected a complete image of at most ` +
        `${maxPixels} pixels; replace or remove the file`,
    );
  }
}

/** Types of values by the decoder's names. */
const types: Readonly<Record<string, StoredType>> = {
  uchar: "uint8",
  char: "int8",
  ushort: "uint16",
  short: "int16",
  uint: "uint32",
  int: "int32",
  float: "float32",
  double: "float64",
};

async function decode(bytes: Buffer, format: string, file: string): Promise<StoredImage> {
  const image = sharp(bytes, {
    failOn: "error",
    limitInputPixels: maxPixels,
    limitInputChannels: maxBands,
    ignoreIcc: true,
  });
  const { space, depth, channels, width, height, hasAlpha, orientation = 1 } = await image.metadata();
  const [type, handed] = [types[depth], colourSpaces[space]];
  // Signed 16-bit grey would be cut at 0.
  if (handed === undefined || type === undefined || (handed === "grey16" && type === "int16")) {
    throw new SeawallError(
      "data",
      `${file}: expected grey, RGB or several bands of 8 or 16 bits or floats, got ${space} of type ${type ?? depth}; convert it to an RGB png, or store it as a .npy file`,
    );
  }
  if (width * height * channels > maxValues) {
    throw new SeawallError(
      "data",
      `${file} holds ${channels} bands of ${width}×${height} pixels (width×height), expected at most ${maxValues} values; store it in parts`,
    );
  }
  const { data } = await image
    .toColourspace(handed)
    .raw({ depth: depth as "uchar" })
    .toBuffer({ resolveWithObject: true });
  const values = valuesOf(data, type);
  return {
    ...{ height, width, orientation, type },
    bands: channels,
    hasAlpha: hasAlpha && (format !== "tiff" || marksAlpha(bytes)),
    data: space === "b-w" ? withGreyOnce(values, channels) : values,
  };
}

/** The decoder turns grey into RGB, before the further bands: the first value of each pixel and those after the third. */
function withGreyOnce(values: StoredImage["data"], bands: number): StoredImage["data"] {
  const pixels = values.length / (bands + 2);
  const kept = new (values.constructor as new (length: number) => StoredImage["data"])(pixels * bands);
  for (let i = 0, at = 0; i < pixels; i++) {
    const from = i * (bands + 2);
    kept[at++] = values[from]!;
    for (let band = 1; band < bands; band++) kept[at++] = values[from + band + 2]!;
  }
  return kept;
}

const arrays = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** The decoder's bytes as numbers, in memory of their own: a buffer's memory may be shared and not aligned. */
function valuesOf(data: Buffer, type: StoredType): StoredImage["data"] {
  return new arrays[type](new Uint8Array(data).buffer);
}
