/** Decoding images: the values that a file stores, whatever their number of bands and their type. */
import sharp from "sharp";
import { arrayConstructors, messageOf, SeawallError } from "../../base/index.js";
import type { StoredImage, StoredType, StoredValues } from "../pixels/encoding.js";
import { emptyLike, type Size, sizeText } from "../pixels/raster.js";
import { maxPixels } from "../pixels/transform.js";
import { readBytes, readStart } from "./files.node.js";
import { readNpy } from "./npy.js";
import { marksAlpha, readableFiles, readDirectory } from "./tiff.js";

interface Format {
  /** Whether a file of this format begins so. */
  begins(start: string): boolean;
  decode(bytes: Uint8Array, file: string): StoredImage | Promise<StoredImage>;
}

/** Accepted formats. The decoder knows more, some of which can run code. */
const formats: Readonly<Record<string, Format>> = {
  jpeg: { begins: (start) => start.startsWith("\xff\xd8\xff"), decode },
  png: { begins: (start) => start.startsWith("\x89PNG\r\n\x1a\n"), decode },
  tiff: { begins: (start) => /^(?:II[*+]\0|MM\0[*+])/.test(start), decode: decodeTiff },
  webp: { begins: (start) => start.startsWith("RIFF") && start.startsWith("WEBP", 8), decode },
  npy: { begins: (start) => start.startsWith("\x93NUMPY"), decode: decodeNpy },
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
const maxValues = 4 * maxPixels;

/**
 * The values of an image file. Colour profiles and gamma are not applied, palettes are. Files with several pages give
 * the first.
 * @throws SeawallError `data` when the file is missing, damaged, truncated, too large, or of another format.
 */
export async function readImage(file: string): Promise<StoredImage> {
  return decodeImage(await readBytes(file), file);
}

/** The header of most images lies within so many bytes. */
const headerBytes = 2 ** 16;

/** The stored size of an image and its EXIF orientation, from the beginning of the file alone where that holds them. */
export async function readImageSize(file: string): Promise<Size & Pick<StoredImage, "orientation">> {
  const start = await readStart(file, headerBytes);
  if (formatOf(start)?.decode === decodeNpy) return readImage(file);
  const header = formatOf(start) && sharp(start, { limitInputPixels: maxPixels }).metadata();
  const {
    height,
    width,
    orientation = 1,
  } = (await header?.catch(() => undefined)) ?? (await readImage(file));
  return { height, width, orientation };
}

function formatOf(bytes: Uint8Array): Format | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  return Object.values(formats).find(({ begins }) => begins(start));
}

/** The same for the bytes of a file; errors as `readImage`. */
export async function decodeImage(bytes: Uint8Array, file: string): Promise<StoredImage> {
  const format = formatOf(bytes);
  if (format === undefined) {
    throw new SeawallError(
      "data",
      `${file}: not a ${Object.keys(formats).join(", ")} image; convert it to png`,
    );
  }
  try {
    return await format.decode(bytes, file);
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

async function decode(bytes: Uint8Array, file: string): Promise<StoredImage> {
  const image = sharp(bytes, {
    failOn: "error",
    limitInputPixels: maxPixels,
    limitInputChannels: maxBands,
    ignoreIcc: true,
  });
  const { space, depth, channels, width, height, hasAlpha, orientation = 1 } = await image.metadata();
  const [type, handed] = [types[depth], colourSpaces[space]];
  if (handed === undefined || type === undefined) {
    throw new SeawallError(
      "data",
      `${file}: expected grey, RGB or several bands of 8 or 16 bits or floats, got ${space} of type ${type ?? depth}; convert it to an RGB png, or store it as a .npy file`,
    );
  }
  checkSize({ height, width }, channels, file);
  const { data } = await image
    .toColourspace(handed)
    .raw({ depth: depth as "uchar" })
    .toBuffer({ resolveWithObject: true });
  const values = valuesOf(data, type);
  return {
    ...{ height, width, orientation, type, hasAlpha },
    bands: channels,
    data: space === "b-w" ? withGreyOnce(values, channels) : values,
  };
}

function checkSize({ height, width }: Size, bands: number, file: string): void {
  if (height * width <= maxPixels && bands <= maxBands && height * width * bands <= maxValues) return;
  throw new SeawallError(
    "data",
    `${file} holds ${bands} bands of ${sizeText({ height, width })} pixels (width×height), expected at most ${maxBands} bands and ${maxValues} values; store it in parts`,
  );
}

/** The decoder misreads some TIFF files, and takes every fourth band for transparency: the directory tells better. */
async function decodeTiff(bytes: Uint8Array, file: string): Promise<StoredImage> {
  const directory = readDirectory(bytes);
  const readable = readableFiles(bytes, directory);
  if (!readable) return { ...(await decode(bytes, file)), hasAlpha: marksAlpha(directory) };
  const parts: StoredImage[] = [];
  for (const part of readable.files) {
    parts.push(await decode(part, file));
    checkSize(parts[0]!, parts.length, file);
  }
  const whole = { ...joined(parts), hasAlpha: marksAlpha(directory) };
  if (!readable.signed) return whole;
  return { ...whole, type: "int16", data: new Int16Array(whole.data.buffer) };
}

/** Images of one band each as one image of several; a single image as it is. */
function joined(parts: readonly StoredImage[]): StoredImage {
  const [first] = parts as [StoredImage];
  if (parts.length === 1) return first;
  const bands = parts.length;
  const data = emptyLike(first.data, first.data.length * bands);
  for (const [band, part] of parts.entries()) {
    for (let i = 0, at = band; i < part.data.length; i++, at += bands) data[at] = part.data[i]!;
  }
  return { ...first, bands, data };
}

/** H×W, H×W×C or C×H×W numbers: of three axes, the shorter one of the first and the last holds the bands. */
function decodeNpy(bytes: Uint8Array, file: string): StoredImage {
  const { shape, type, data } = readNpy(bytes, maxValues);
  const isPlanar = shape.length === 3 && shape[0]! < shape[2]!;
  const [height, width, bands = 1] = (isPlanar ? [shape[1], shape[2], shape[0]] : shape) as [
    number,
    number,
    number?,
  ];
  if (type === "bool" || shape.length < 2 || shape.length > 3) {
    throw new SeawallError(
      "data",
      `${file}: expected an array H×W, H×W×C or C×H×W of integers or floats, got ${type} [${shape.join(", ")}]; store it in one of these forms`,
    );
  }
  checkSize({ height, width }, bands, file);
  const form = { height, width, bands, type, orientation: 1, hasAlpha: false };
  return { ...form, data: isPlanar ? pixelByPixel(data, bands) : data };
}

/** Bands one after another → the bands of a pixel side by side. */
function pixelByPixel(planes: StoredValues, bands: number): StoredValues {
  const area = planes.length / bands;
  const data = emptyLike(planes, planes.length);
  for (let i = 0; i < planes.length; i++) data[(i % area) * bands + Math.floor(i / area)] = planes[i]!;
  return data;
}

/** The decoder turns grey into RGB, before the further bands: the first value of each pixel and those after the third. */
function withGreyOnce(values: StoredValues, bands: number): StoredValues {
  const pixels = values.length / (bands + 2);
  const kept = emptyLike(values, pixels * bands);
  for (let i = 0, at = 0; i < pixels; i++) {
    const from = i * (bands + 2);
    kept[at++] = values[from]!;
    for (let band = 1; band < bands; band++) kept[at++] = values[from + band + 2]!;
  }
  return kept;
}

/** The decoder's bytes as numbers, in memory of their own: a buffer's memory may be shared and not aligned. */
function valuesOf(data: Buffer, type: StoredType): StoredValues {
  return new arrayConstructors[type](new Uint8Array(data).buffer);
}
