/** Image and label files in a browser. */
import { messageOf, SeawallError } from "../src/base/index.js";
import {
  decodeLabelPng,
  isPng,
  labelPngParts,
  maxPixels,
  type PngParts,
  type StoredImage,
  type StoredLabels,
  unpackedBytes,
} from "../src/data/index.js";
import type { GivenFile } from "./messages.js";

/** Files that are images, by their first bytes, and the names that browsers have for them. */
const formats: Readonly<Record<string, (start: string) => boolean>> = {
  "image/jpeg": (start) => start.startsWith("\xff\xd8\xff"),
  "image/png": (start) => start.startsWith("\x89PNG\r\n\x1a\n"),
  "image/webp": (start) => start.startsWith("RIFF") && start.startsWith("WEBP", 8),
};

/** The place of a PNG's number of bits per value. */
const pngDepth = 24;

/**
 * The values of an image file: red, green, blue and transparency of 8 bits, upright, without its colour profile.
 * @throws SeawallError `data` for a file that is damaged, too large or of another format
 */
export async function decodeImage({ name, bytes }: GivenFile): Promise<StoredImage> {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  const type = Object.keys(formats).find((key) => formats[key]!(start));
  if (type === undefined) {
    throw new SeawallError("data", `${name}: not a JPEG, PNG or WebP image; convert it to PNG`);
  }
  if (type === "image/png" && bytes[pngDepth]! > 8) {
    throw new SeawallError(
      "data",
      `${name}: it has ${bytes[pngDepth]} bits per value, of which a browser keeps 8; seawall eval reads all of them`,
    );
  }
  const bitmap = await createImageBitmap(new Blob([bytes], { type }), {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  }).catch((error) => {
    throw new SeawallError(
      "data",
      `${name}: cannot be decoded (${messageOf(error)}); expected a complete image`,
    );
  });
  try {
    return valuesOf(bitmap, name);
  } finally {
    bitmap.close();
  }
}

function valuesOf(bitmap: ImageBitmap, name: string): StoredImage {
  const { width, height } = bitmap;
  if (width * height > maxPixels) {
    throw new SeawallError(
      "data",
      `${name} has ${width}×${height} pixels (width×height), expected at most ${maxPixels} pixels`,
    );
  }
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) {
    throw new SeawallError("data", `${name}: the browser has no memory for ${width}×${height} pixels`);
  }
  context.drawImage(bitmap, 0, 0);
  const data = new Uint8Array(context.getImageData(0, 0, width, height).data.buffer);
  return { width, height, bands: 4, hasAlpha: true, orientation: 1, type: "uint8", data };
}

/**
 * The values of a label file, which must be a PNG.
 * @throws SeawallError `data` for a file that is damaged, too large or of another format
 */
export async function decodeLabels({ name, bytes }: GivenFile): Promise<StoredLabels> {
  try {
    if (!isPng(bytes)) throw new Error("not a PNG file");
    const parts = labelPngParts(bytes);
    await checkPacked(parts);
    return decodeLabelPng(parts);
  } catch (error) {
    throw new SeawallError(
      "data",
      `${name}: ${messageOf(error)}; labels are expected as a PNG whose values are class numbers (palette, or grey of 8 or 16 bits)`,
    );
  }
}

/** Unpacks pixels once, piece by piece, so that a small hostile file cannot fill memory. */
async function checkPacked({ header, packed }: PngParts): Promise<void> {
  const expected = unpackedBytes(header);
  let length = 0;
  for await (const piece of new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"))) {
    length += piece.length;
    if (length > 2 * expected + 1024) throw new Error("it unpacks to more pixels than its header says");
  }
  if (length < expected) throw new Error("the file is truncated");
}
