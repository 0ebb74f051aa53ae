/** Pillow's Gaussian blur, bit-identical for bytes, for the small radii of augmentation. */
import { invariant } from "../../base/index.js";
import type { ImageRaster } from "./raster.js";

const precisionBits = 24;
const half = 2 ** (precisionBits - 1);
const passes = 3;

/** The largest radius. From √2 on, the boxes would be wider than three pixels. */
const maxBlurRadius = 1.4;

/**
 * Blurs as Pillow's `GaussianBlur(radius)`, bit-identical: three box means along the rows, then three along the
 * columns, each rounded to bytes. Pixels at the border are repeated beyond it. Floats are blurred without rounding.
 * @param radius standard deviation in pixels, 0 to `maxBlurRadius`; 0 changes nothing
 */
export function gaussianBlur(image: ImageRaster, radius: number): ImageRaster {
  invariant(radius >= 0 && radius <= maxBlurRadius, `a blur of radius ${radius}`);
  const { height, width, channels } = image;
  const box = boxWeights(radius);
  if (box.side === 0) return image;
  let data = image.data;
  for (let pass = 0; pass < passes; pass++) data = boxMean(data, height, width, channels, box);
  for (let pass = 0; pass < passes; pass++) data = boxMean(data, 1, height, width * channels, box);
  return { ...image, data };
}

/** Weights of a pixel and of each neighbour: integers in units of 2⁻²⁴. */
interface BoxWeights {
  readonly centre: number;
  readonly side: number;
}

/**
 * Weights of the extended box filter (Gwosdek et al. 2011) that has the variance radius² when applied three times. The
 * box reaches half a pixel to one and a half on either side. Computed in single precision, as in Pillow.
 */
function boxWeights(radius: number): BoxWeights {
  const f = Math.fround;
  const variance = f(f(f(radius) * f(radius)) / passes);
  const reach = f(f(-3 * variance) / f(6 * f(variance - 1)));
  const centre = Math.trunc(f(2 ** precisionBits / f(f(reach * 2) + 1)));
  return { centre, side: Math.floor((2 ** precisionBits - centre) / 2) };
}

/** The box mean along the middle axis of an array of outer × length × inner values. */
function boxMean(
  data: ImageRaster["data"],
  outer: number,
  length: number,
  inner: number,
  { centre, side }: BoxWeights,
): ImageRaster["data"] {
  const isFloat = data instanceof Float32Array;
  const result = isFloat ? new Float32Array(data.length) : new Uint8Array(data.length);
  let at = 0;
  for (let block = 0; block < outer; block++) {
    for (let position = 0; position < length; position++) {
      const before = position > 0 ? -inner : 0;
      const after = position < length - 1 ? inner : 0;
      for (let i = 0; i < inner; i++, at++) {
        const sides = data[at + before]! + data[at + after]!;
        const sum = data[at]! * centre + sides * side;
        // A sum of bytes exceeds 2³¹ and stays below 2³².
        result[at] = isFloat ? sum / 2 ** precisionBits : (sum + half) >>> precisionBits;
      }
    }
  }
  return result;
}
