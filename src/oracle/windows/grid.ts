/** The grid of a sliding window, as MMSegmentation's slide mode lays it. */
import { SeawallError } from "../../base/index.js";

/** Height and width, in pixels. */
export interface Extent {
  readonly height: number;
  readonly width: number;
}

/** A window, and how far it moves from one place to the next. */
export interface Sliding {
  readonly window: Extent;
  /** Default: two thirds of the window, rounded down, as in MMSegmentation's recipes (341 of 512). */
  readonly stride?: Extent;
}

/** The top left pixel of a window. */
export interface Place {
  readonly top: number;
  readonly left: number;
}

/** Where windows of one size lie in an image. */
export interface WindowGrid extends Extent {
  /** Row by row; at least one. */
  readonly places: readonly Place[];
}

/** The stride where none is given. */
export function usualStride({ height, width }: Extent): Extent {
  const part = (length: number) => Math.max(1, Math.floor((2 * length) / 3));
  return { height: part(height), width: part(width) };
}

/**
 * The grid over an image. The last window of a row or column is shifted back so that it ends with the image. A window
 * is cut to the image where the image is smaller.
 * @throws SeawallError `config` if the stride would leave pixels between windows
 */
export function windowGrid(image: Extent, { window, stride = usualStride(window) }: Sliding): WindowGrid {
  if (stride.height > window.height || stride.width > window.width) {
    throw new SeawallError(
      "config",
      `--stride ${flagText(stride)}: larger than the window, ${flagText(window)}, so that no window would see the pixels between; give at most the window's size`,
    );
  }
  const tops = starts(image.height, window.height, stride.height);
  const lefts = starts(image.width, window.width, stride.width);
  return {
    height: Math.min(window.height, image.height),
    width: Math.min(window.width, image.width),
    places: tops.flatMap((top) => lefts.map((left) => ({ top, left }))),
  };
}

function starts(length: number, window: number, stride: number): number[] {
  const last = Math.max(length - window, 0);
  return Array.from({ length: Math.ceil(last / stride) + 1 }, (_, i) => Math.min(i * stride, last));
}

/** A size as flags write it, height first: `512x768`. */
export function flagText({ height, width }: Extent): string {
  return `${height}x${width}`;
}
