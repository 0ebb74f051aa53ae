/** Writing PNG files of 8 bits. */
import { encode } from "fast-png";
import type { Size } from "../pixels/raster.js";

/** Fast, and little larger than the smallest. */
const level = 4;

/**
 * A PNG of an image with one channel (grey) or three (red, green, blue).
 * @param image C×H×W in [0, 1]; each value is rounded to its nearest grey level
 */
export function pngFile({ height, width }: Size, image: Float32Array): Uint8Array {
  const area = height * width;
  const channels = image.length / area;
  const data = new Uint8Array(image.length);
  for (let i = 0; i < image.length; i++) {
    data[(i % area) * channels + Math.floor(i / area)] = Math.round(255 * image[i]!);
  }
  return encode({ width, height, channels, data }, { zlib: { level } });
}
