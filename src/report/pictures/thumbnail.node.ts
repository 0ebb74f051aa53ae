/** Thumbnails: WebP pictures small enough to store for every image. */
import sharp from "sharp";
import { colourMap, imageBytes, perturbationBytes } from "./pixels.js";

/** The largest side of a thumbnail, in pixels. */
const longest = 160;

interface Size {
  readonly height: number;
  readonly width: number;
}

/** A thumbnail of an image. */
export function imageThumbnail(image: Float32Array, size: Size): Promise<Uint8Array> {
  return shrink(imageBytes(image, size), size, "lanczos3").webp({ quality: 75 }).toBuffer();
}

/** A thumbnail of a class map, compressed without loss. */
export function mapThumbnail(classes: ArrayLike<number>, size: Size): Promise<Uint8Array> {
  return shrink(colourMap(classes), size, "nearest").webp({ lossless: true }).toBuffer();
}

/** A thumbnail of a perturbation, scaled to the full range of grey. Pixels are sampled: averages would be plain grey. */
export function perturbationThumbnail(
  image: Float32Array,
  attacked: Float32Array,
  radius: number,
  size: Size,
): Promise<Uint8Array> {
  return shrink(perturbationBytes(image, attacked, radius, size), size, "nearest")
    .webp({ quality: 20 })
    .toBuffer();
}

function shrink(pixels: Uint8Array, { height, width }: Size, kernel: "lanczos3" | "nearest") {
  return sharp(pixels, { raw: { width, height, channels: 3 } }).resize(longest, longest, {
    fit: "inside",
    withoutEnlargement: true,
    kernel,
  });
}
