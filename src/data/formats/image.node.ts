/** Decoding images. */
import sharp from "sharp";
import { invariant, messageOf, SeawallError } from "../../base/index.js";
import type { ImageRaster } from "../pixels/raster.js";
import { maxPixels } from "../pixels/transform.js";
import { readBytes } from "./files.node.js";

/** Accepted formats, by their first bytes. The decoder knows more formats, some of which can run code. */
const formats: Readonly<Record<string, (start: string) => boolean>> = {
  jpeg: (start) => start.startsWith("\xff\xd8\xff"),
  png: (start) => start.startsWith("\x89PNG\r\n\x1a\n"),
  tiff: (start) => start.startsWith("II*\0") || start.startsWith("MM\0*"),
  webp: (start) => start.startsWith("RIFF") && start.startsWith("WEBP", 8),
};

/** Colour spaces that every reader converts to the same RGB bytes. */
const colourSpaces = ["srgb", "b-w", "rgb16", "grey16"];

/**
 * An image as RGB bytes. Colour profiles, gamma and EXIF orientation are not applied, since labels have none of them.
 * Transparency is dropped and grey becomes RGB. 16-bit channels keep the upper byte. Files with several pages give
 * the first.
 * @throws SeawallError `data` when the file is missing, damaged, truncated, too large, or of another format.
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
      `${file}: cannot be decoded (${messageOf(error).trim()}); expected a complete image of at most ` +
        `${maxPixels} pixels; replace or remove the file`,
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
  // A Uint8Array, whose slice() copies: that of a Buffer would share memory.
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
  return { height: info.height, width: info.width, channels: 3, data: pixels };
}
