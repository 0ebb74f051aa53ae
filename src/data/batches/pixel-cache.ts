/** A cache of decoded pixels with a limit in bytes. */
import type { ImageRaster, LabelRaster } from "../pixels/raster.js";

/** A decoded image and its labels, of the same size. */
export interface LabelledPixels {
  readonly image: ImageRaster;
  readonly labels: LabelRaster;
}

/** What decoded pixels take. */
export function bytesOfPixels({ image, labels }: LabelledPixels): number {
  return image.data.byteLength + labels.data.byteLength;
}

/** Keeps the first images until it is full. Epochs have random orders, so replacing one image by another gains nothing. */
export class PixelCache {
  readonly #kept = new Map<string, LabelledPixels>();
  #free: number;

  constructor(bytes: number) {
    this.#free = bytes;
  }

  get(id: string): LabelledPixels | undefined {
    return this.#kept.get(id);
  }

  /** Keeps the pixels if they still fit, and returns them. */
  keep(id: string, pixels: LabelledPixels): LabelledPixels {
    const bytes = bytesOfPixels(pixels);
    if (bytes <= this.#free) {
      this.#free -= bytes;
      this.#kept.set(id, pixels);
    }
    return pixels;
  }
}
