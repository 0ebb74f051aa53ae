/** Thumbnails: WebP pictures small enough to keep of every image. */
import sharp from "sharp";
import { bytesOf, colourMap, perturbationBytes } from "./pixels.js";

/** The longer side of a thumbnail, at most. */
const longest = 160;

interface Size {
  readonly height: number;
  readonly width: number;
}

/** A photo. */
export function imageThumbnail(image: Float32Array, size: Size): Promise<Uint8Array> {
  return shrink(bytesOf(image), size, "lanczos3").webp({ quality: 75 }).toBuffer();
}

/** A map of classes in their colours, without loss. */
export function mapThumbnail(classes: ArrayLike<number>, size: Size): Promise<Uint8Array> {
  return shrink(colourMap(classes), size, "nearest").webp({ lossless: true }).toBuffer();
}

/** What an attack added, magnified to fill the scale; single pixels, since their mean would show nothing. */
export function perturbationThumbnail(
  image: Float32Array,
  attacked: Float32Array,
  radius: number,
  size: Size,
): Promise<Uint8Array> {
  return shrink(perturbationBytes(image, attacked, radius), size, "nearest")
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
