/** Pillow's resampling filters: BILINEAR for images, NEAREST for labels. Bit-identical for bytes and labels. */
import { type ImageRaster, type LabelRaster, type Part, type Size, wholeOf } from "./raster.js";

/** The values of an image: bytes or floats. */
type ImageValues = ImageRaster["data"];

/** Pillow's fixed point: weights are integers in units of 2⁻²², so that 255 · weight fits in 32 bits. */
const precisionBits = 22;
const half = 2 ** (precisionBits - 1);

/** Source positions and weights of the mean that gives one target position. */
interface Taps {
  readonly start: number;
  /** Fixed point for bytes, floats that sum to 1 for floats. */
  readonly weights: Int32Array | Float64Array;
}

/**
 * Resizes as Pillow's `resize(size, BILINEAR)` for 8-bit images, bit-identical: a triangle filter whose support
 * widens when shrinking, horizontal pass first, rounded to bytes between the passes. (Pillow 13 and later begin with
 * the vertical pass when the height shrinks much more than the width. Published results used earlier versions.)
 * Images of floats are resized as Pillow's mode F: the same filter without rounding to bytes.
 */
export function resizeBilinear(image: ImageRaster, size: Size): ImageRaster {
  return resizeBilinearPart(image, size, wholeOf(size));
}

/**
 * A part of `resizeBilinear(image, size)`. Resamples only the pixels that the part depends on.
 * @param mirrored mirrors the image left to right first
 */
export function resizeBilinearPart(
  image: ImageRaster,
  size: Size,
  part: Part,
  mirrored = false,
): ImageRaster {
  const { channels, width } = image;
  const isFloat = image.data instanceof Float32Array;
  const straight = triangleTaps(width, size.width, part.left, part.width, isFloat);
  const columns = mirrored ? straight.map((taps) => reflected(taps, width)) : straight;
  const rows = triangleTaps(image.height, size.height, part.top, part.height, isFloat);
  const [first, end] = span(rows);
  const strip = image.data.subarray(first * width * channels, end * width * channels);
  const isWide = size.width === width && part.width === width && !mirrored;
  const wide = isWide ? strip : resampleAxis(strip, end - first, width, channels, columns);
  const isTall = size.height === image.height && part.height === image.height;
  const near = rows.map(({ start, weights }) => ({ start: start - first, weights }));
  const data = isTall ? wide : resampleAxis(wide, 1, end - first, part.width * channels, near);
  return { height: part.height, width: part.width, channels, data };
}

/** The taps of the mirrored axis. */
function reflected({ start, weights }: Taps, length: number): Taps {
  return { start: length - start - weights.length, weights: weights.toReversed() };
}

/** The range of source positions that the taps read: [first, end). */
function span(taps: readonly Taps[]): [first: number, end: number] {
  const last = taps.at(-1)!;
  return [taps[0]!.start, last.start + last.weights.length];
}

/** Resamples the middle axis of an array of outer × length × inner values; `taps` has one entry per target position. */
function resampleAxis(
  data: ImageValues,
  outer: number,
  length: number,
  inner: number,
  taps: readonly Taps[],
): ImageValues {
  const count = outer * taps.length * inner;
  const isFloat = data instanceof Float32Array;
  const result = isFloat ? new Float32Array(count) : new Uint8Array(count);
  const mean = isFloat ? weightedFloat : weightedByte;
  let at = 0;
  for (let block = 0; block < outer; block++) {
    for (const { start, weights } of taps) {
      const from = (block * length + start) * inner;
      for (let i = 0; i < inner; i++) result[at++] = mean(data, from + i, inner, weights);
    }
  }
  return result;
}

/** The values of a mean are those of `data` from `from` on, `stride` apart, as many as there are weights. */
type WeightedMean = (data: ImageValues, from: number, stride: number, weights: Taps["weights"]) => number;

const weightedFloat: WeightedMean = (data, from, stride, weights) => {
  let sum = 0;
  for (let k = 0, at = from; k < weights.length; k++, at += stride) sum += data[at]! * weights[k]!;
  return sum;
};

/** The weighted mean as a byte. Clamped to 255, since the rounded weights of many taps can sum to more than one. */
const weightedByte: WeightedMean = (data, from, stride, weights) => {
  let sum = half;
  for (let k = 0, at = from; k < weights.length; k++, at += stride) sum += data[at]! * weights[k]!;
  return Math.min(sum >> precisionBits, 255);
};

/** Taps of `count` target positions, beginning at `from`, where `length` source positions become `target`. */
function triangleTaps(length: number, target: number, from: number, count: number, isFloat: boolean): Taps[] {
  const scale = length / target;
  const support = Math.max(scale, 1);
  return Array.from({ length: count }, (_, i) => {
    const centre = (from + i + 0.5) * scale;
    const start = Math.max(Math.trunc(centre - support + 0.5), 0);
    const end = Math.min(Math.trunc(centre + support + 0.5), length);
    const weights = triangleWeights(start, end, centre, 1 / support);
    return { start, weights: isFloat ? weights : fixedPoint(weights) };
  });
}

function triangleWeights(start: number, end: number, centre: number, slope: number): Float64Array {
  const weights = Float64Array.from({ length: end - start }, (_, k) =>
    Math.max(1 - Math.abs((k + start - centre + 0.5) * slope), 0),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function fixedPoint(weights: Float64Array): Int32Array {
  return Int32Array.from(weights, (weight) => Math.trunc(0.5 + weight * 2 ** precisionBits));
}

/**
 * Resizes as Pillow's `resize(size, NEAREST)`, bit-identical: target position j copies source position ⌊(j+½)·w/w'⌋.
 */
export function resizeNearest(labels: LabelRaster, size: Size): LabelRaster {
  return resizeNearestPart(labels, size, wholeOf(size));
}

/** A part of `resizeNearest(labels, size)`; `mirrored` mirrors the labels left to right first. */
export function resizeNearestPart(
  labels: LabelRaster,
  size: Size,
  part: Part,
  mirrored = false,
): LabelRaster {
  const { top, left, height, width } = part;
  const rows = nearestPositions(labels.height, size.height).subarray(top, top + height);
  const straight = nearestPositions(labels.width, size.width).subarray(left, left + width);
  const columns = mirrored ? straight.map((column) => labels.width - 1 - column) : straight;
  const data = new Int32Array(height * width);
  let at = 0;
  for (const row of rows) {
    for (const column of columns) data[at++] = labels.data[row * labels.width + column]!;
  }
  return { height, width, channels: 1, data };
}

/** Source positions by repeated addition, as in Pillow. A product would round ties differently in a sixth of all sizes. */
function nearestPositions(length: number, target: number): Int32Array {
  const scale = length / target;
  const positions = new Int32Array(target);
  for (let j = 0, position = scale * 0.5; j < target; j++, position += scale) {
    positions[j] = Math.min(Math.trunc(position), length - 1);
  }
  return positions;
}
