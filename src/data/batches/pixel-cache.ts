/** Decoded pixels kept in memory, up to a number of bytes. */
import type { ImageRaster, LabelRaster } from "../pixels/raster.js";

/** A decoded image and its labels, in one size. */
export interface LabelledPixels {
  readonly image: ImageRaster;
  readonly labels: LabelRaster;
}

/** Keeps what came first until it is full: in a random order, giving up one image for another gains nothing. */
export class PixelCache {
  readonly #kept = new Map<string, LabelledPixels>();
  #free: number;

  constructor(bytes: number) {
    this.#free = bytes;
  }

  get(id: string): LabelledPixels | undefined {
    return this.#kept.get(id);
  }

  /** Keeps the pixels if they still fit, and hands them back. */
  keep(id: string, pixels: LabelledPixels): LabelledPixels {
    const bytes = pixels.image.data.byteLength + pixels.labels.data.byteLength;
    if (bytes <= this.#free) {
      this.#free -= bytes;
      this.#kept.set(id, pixels);
    }
    return pixels;
  }
}
