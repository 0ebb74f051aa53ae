/** Conversion of images, perturbations and class maps to bytes of red, green and blue, row by row. */
import { classColour } from "./palette.js";

interface Size {
  readonly height: number;
  readonly width: number;
}

/** An image as planes of floats in [0, 1], to interleaved bytes: the first three channels, or the first one as grey. */
export function imageBytes(image: Float32Array, { height, width }: Size): Uint8Array {
  const area = height * width;
  const isGrey = image.length < 3 * area;
  const bytes = new Uint8Array(3 * area);
  for (let i = 0; i < 3 * area; i++)
    bytes[3 * (i % area) + Math.floor(i / area)] = Math.round(255 * image[isGrey ? i % area : i]!);
  return bytes;
}

/** The perturbation, scaled from [−ε, ε] to bytes. Middle grey is no change. */
export function perturbationBytes(
  image: Float32Array,
  attacked: Float32Array,
  radius: number,
  size: Size,
): Uint8Array {
  const scaled = attacked.map((value, i) => {
    const shifted = 0.5 + (radius > 0 ? (0.5 * (value - image[i]!)) / radius : 0);
    return Math.min(1, Math.max(0, shifted));
  });
  return imageBytes(scaled, size);
}

/** A class map as the colours of its classes. */
export function colourMap(classes: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(3 * classes.length);
  for (let i = 0; i < classes.length; i++) bytes.set(classColour(classes[i]!), 3 * i);
  return bytes;
}
