/** Decoding images. */
import sharp from "sharp";
import { invariant, messageOf, SeawallError } from "../../base/index.js";
import type { ImageRaster } from "../pixels/raster.js";
import { maxPixels } from "../pixels/transform.js";
import { readBytes } from "./files.node.js";

/** How files begin that are read. The decoder knows more formats, some of them documents that run code. */
const formats: Readonly<Record<string, (start: string) => boolean>> = {
  jpeg: (start) => start.startsWith("\xff\xd8\xff"),
  png: (start) => start.startsWith("\x89PNG\r\n\x1a\n"),
  tiff: (start) => start.startsWith("II*\0") || start.startsWith("MM\0*"),
  webp: (start) => start.startsWith("RIFF") && start.startsWith("WEBP", 8),
};

/** Colour spaces whose way to RGB bytes is the same in every reader. */
const colourSpaces = ["srgb", "b-w", "rgb16", "grey16"];

/**
 * An image as RGB bytes, as stored: colour profiles, gamma and EXIF orientation are not applied (labels know
 * none of them), transparency is dropped, grey becomes RGB, of 16-bit channels the upper byte is kept, of
 * several pages the first.
 * @throws SeawallError `data` when the file is missing, damaged, truncated, too large, or not such an image.
 */
export async function readImage(file: string): Promise<ImageRaster> {
  const bytes = await readBytes(file);
  const start = bytes.toString("latin1", 0, 16);
  if (!Object.values(formats).some((begins) => begins(start))) {
    throw new SeawallError(
      "data",
      `${file}: not a ${Object.keys(formats).join(", ")} image; convert it to png`,
    );
  }
  try {
    return await decode(bytes, file);
  } catch (error) {
    if (error instanceof SeawallError) throw error;
    throw new SeawallError(
      "data",
      `${file}: cannot be decoded (${messageOf(error).trim()}); expected a whole image of at most ` +
        `${maxPixels} pixels: replace it or take it out`,
    );
  }
}

async function decode(bytes: Buffer, file: string): Promise<ImageRaster> {
  const image = sharp(bytes, { failOn: "error", limitInputPixels: maxPixels, ignoreIcc: true });
  const { space, depth } = await image.metadata();
  if (!colourSpaces.includes(space) || (depth !== "uchar" && depth !== "ushort")) {
    throw new SeawallError(
      "data",
      `${file}: expected grey or RGB of 8 or 16 bits, got ${space} of type ${depth}; convert it to an RGB png`,
    );
  }
  const { data, info } = await image
    .toColourspace("srgb")
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  invariant(info.channels === 3, `${file} was decoded to ${info.channels} channels`);
  // A plain view: a Buffer's slice() would share its memory.
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
  return { height: info.height, width: info.width, channels: 3, data: pixels };
}
