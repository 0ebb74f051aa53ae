/**
 * Planes of an image's size, from which windows are read and to which they are added. These are plain loops, the only
 * ones over windows: an engine's graph would copy all planes for every window that it adds to them.
 */
import type { Extent, Place } from "./grid.js";

/** Extent of planes: C×H×W. */
export interface PlanesSize extends Extent {
  readonly channels: number;
}

/**
 * C planes of H×W floats, held in bands of as many rows each: each band is C×rows×W, and rows of the last one may lie
 * below the image.
 */
export class Planes {
  readonly size: PlanesSize;
  readonly rows: number;
  readonly bands: readonly Float32Array[];

  /** Zeros in bands of `rows` rows, or one band of given floats. */
  constructor(size: PlanesSize, rows: number, floats?: Float32Array) {
    const { channels, height, width } = size;
    this.size = size;
    this.rows = rows;
    const count = Math.ceil(height / rows);
    this.bands = floats
      ? [floats]
      : Array.from({ length: count }, () => new Float32Array(channels * rows * width));
  }

  /** Copies the part under a window, C×h×w. */
  read(window: Extent, place: Place, into: Float32Array): void {
    this.#eachRow(window, place, (band, from, at) => into.set(band.subarray(from, from + window.width), at));
  }

  /** Adds a window's floats, C×h×w, where the window lies. */
  add(window: Extent, place: Place, floats: Float32Array): void {
    this.#eachRow(window, place, (band, from, at) => {
      for (let x = 0; x < window.width; x++) band[from + x]! += floats[at + x]!;
    });
  }

  /** Visits each row of each channel under a window: its band, where it begins there, and where in the window. */
  #eachRow(
    { height, width }: Extent,
    { top, left }: Place,
    visit: (band: Float32Array, from: number, at: number) => void,
  ): void {
    const { rows } = this;
    let at = 0;
    for (let channel = 0; channel < this.size.channels; channel++) {
      for (let y = top; y < top + height; y++) {
        const row = channel * rows + (y % rows);
        visit(this.bands[Math.floor(y / rows)]!, row * this.size.width + left, at);
        at += width;
      }
    }
  }
}
