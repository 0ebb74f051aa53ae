/** Thumbnails: pictures small enough to store for every image. */
import { colourMap, imageBytes, perturbationBytes } from "./pixels.js";

interface Size {
  readonly height: number;
  readonly width: number;
}

/** How a thumbnail is made smaller and compressed. */
export interface ThumbnailForm {
  /** Averages pixels, or picks some: averages of classes are other classes, and those of a perturbation plain grey. */
  readonly scaling: "smooth" | "nearest";
  /** From 1 to 100; `lossless` keeps every value. */
  readonly quality: number | "lossless";
}

/** The largest side of a thumbnail, in pixels. */
export const thumbnailSide = 160;

/**
 * Scales a picture down to `thumbnailSide`, never up, and compresses it as WebP.
 * @param pixels three bytes per pixel, row by row
 */
export type ThumbnailEncoder = (pixels: Uint8Array, size: Size, form: ThumbnailForm) => Promise<Uint8Array>;

/** What is drawn small of an image under attack. */
export class Thumbnails {
  readonly #encode: ThumbnailEncoder;

  constructor(encode: ThumbnailEncoder) {
    this.#encode = encode;
  }

  image(image: Float32Array, size: Size): Promise<Uint8Array> {
    return this.#encode(imageBytes(image, size), size, { scaling: "smooth", quality: 75 });
  }

  /** A class map. */
  map(classes: ArrayLike<number>, size: Size): Promise<Uint8Array> {
    return this.#encode(colourMap(classes), size, { scaling: "nearest", quality: "lossless" });
  }

  /** A perturbation, scaled to the full range of grey. */
  perturbation(image: Float32Array, attacked: Float32Array, radius: number, size: Size): Promise<Uint8Array> {
    const pixels = perturbationBytes(image, attacked, radius, size);
    return this.#encode(pixels, size, { scaling: "nearest", quality: 20 });
  }
}
