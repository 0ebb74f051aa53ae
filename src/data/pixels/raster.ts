/** Pixel grids as they come out of a decoder: bytes of an image, or one label per pixel. */
import { invariant } from "../../base/index.js";

/** Height and width in pixels. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** A part of a raster: its size, and where its upper left pixel lies. */
export interface Part extends Size {
  readonly top: number;
  readonly left: number;
}

/** All of a raster of this size. */
export function wholeOf({ height, width }: Size): Part {
  return { top: 0, left: 0, height, width };
}

/** Pixels row by row, the channels of one pixel side by side: `data.length` is height · width · channels. */
export interface Raster<A extends Uint8Array | Int32Array> extends Size {
  readonly channels: number;
  readonly data: A;
}

/** An RGB image, three bytes a pixel. */
export type ImageRaster = Raster<Uint8Array>;

/** Labels, one a pixel: a class from 0, or −1 where the pixel counts nowhere. */
export type LabelRaster = Raster<Int32Array>;

/** `HxW`, the way sizes are written on the command line. */
export function sizeText({ height, width }: Size): string {
  return `${height}x${width}`;
}

/** The part of `size` whose upper left pixel is (top, left); it must lie inside the raster. */
export function crop<A extends Uint8Array | Int32Array>(
  raster: Raster<A>,
  top: number,
  left: number,
  size: Size,
): Raster<A> {
  const { width, channels } = raster;
  invariant(
    top >= 0 && left >= 0 && top + size.height <= raster.height && left + size.width <= width,
    `crop ${sizeText(size)} at (${top}, ${left}) leaves a raster of ${sizeText(raster)}`,
  );
  const rowLength = size.width * channels;
  const data = emptyLike(raster.data, size.height * rowLength);
  for (let row = 0; row < size.height; row++) {
    const start = ((top + row) * width + left) * channels;
    data.set(raster.data.subarray(start, start + rowLength), row * rowLength);
  }
  return { ...size, channels, data };
}

/** The raster in the upper left corner of one of `size`, which must not be smaller; the rest is `value`. */
export function padTo<A extends Uint8Array | Int32Array>(
  raster: Raster<A>,
  size: Size,
  value: number,
): Raster<A> {
  const { height, width, channels } = raster;
  invariant(
    height <= size.height && width <= size.width,
    `${sizeText(raster)} pixels cannot be padded to ${sizeText(size)}`,
  );
  const data = emptyLike(raster.data, size.height * size.width * channels).fill(value) as A;
  for (let row = 0; row < height; row++) {
    const start = row * width * channels;
    data.set(raster.data.subarray(start, start + width * channels), row * size.width * channels);
  }
  return { height: size.height, width: size.width, channels, data };
}

function emptyLike<A extends Uint8Array | Int32Array>(data: A, length: number): A {
  return (data instanceof Int32Array ? new Int32Array(length) : new Uint8Array(length)) as A;
}
