/** Pixel grids: values of an image, or one label per pixel. */
import { invariant } from "../../base/index.js";

/** Height and width in pixels. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** A part of a raster: its size, and the position of its upper left pixel. */
export interface Part extends Size {
  readonly top: number;
  readonly left: number;
}

/** The part that covers a whole raster of this size. */
export function wholeOf({ height, width }: Size): Part {
  return { top: 0, left: 0, height, width };
}

/** The arrays that hold pixels. */
export type PixelValues = Uint8Array | Int32Array | Float32Array;

/** Pixels row by row, channels last: `data.length` is height · width · channels. */
export interface Raster<A extends PixelValues> extends Size {
  readonly channels: number;
  readonly data: A;
}

/** An image: bytes, which stand for byte / 255, or floats in [0, 1]. Three channels are RGB. */
export type ImageRaster = Raster<Uint8Array | Float32Array>;

/** One label per pixel: a class, counted from 0, or −1 for pixels that are not counted. */
export type LabelRaster = Raster<Int32Array>;

/** A size as viewers of images show it: width×height. Flags take HxW, so messages name the order. */
export function sizeText({ height, width }: Size): string {
  return `${width}×${height}`;
}

/** The part of `size` whose upper left pixel is (top, left). It must lie inside the raster. */
export function crop<A extends PixelValues>(
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

/** Pads at the right and below to `size`, which must not be smaller than the raster, with `value`. */
export function padTo<A extends PixelValues>(raster: Raster<A>, size: Size, value: number): Raster<A> {
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

/** Zeros in an array of the same kind. */
export function emptyLike<
  A extends Int8Array | Uint16Array | Int16Array | Uint32Array | Float64Array | PixelValues,
>(data: A, length: number): A {
  return new (data.constructor as new (length: number) => A)(length);
}
