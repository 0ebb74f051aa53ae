/** The offsets from the image among which attacks without gradients search: mostly corners of the ball. */
import type { RandomStream } from "../../base/index.js";
import type { ImageOracle } from "../../oracle/index.js";
import { type Norm, norms } from "../optimizer/steps.js";

/**
 * Offsets in units of ε: C·H·W numbers in [−1, 1], at a corner of the ball ±1. Doubles, so that `meet` brings a point
 * back to the bit.
 */
export type Offsets = Float64Array;

export const drawSign = (random: RandomStream) => (random.next() < 0.5 ? -1 : 1);

/** Every column of every channel has a sign of its own. */
export function stripes({ channels, height, width }: ImageOracle, random: RandomStream): Offsets {
  const columns = Array.from({ length: channels * width }, () => drawSign(random));
  return Float64Array.from({ length: channels * height * width }, (_, i) => {
    const channel = Math.floor(i / (height * width));
    return columns[channel * width + (i % width)]!;
  });
}

/** The offsets of a point of the ℓ∞ ball. */
export function offsetsOf(point: Float32Array, { image }: ImageOracle, radius: number): Offsets {
  return Float64Array.from(point, (value, i) => (value - image[i]!) / radius);
}

/** The point at offsets from the image, scaled into the ball and cut to [0, 1], and what the model predicts there. */
export async function meet(
  oracle: ImageOracle,
  offsets: Offsets,
  { norm, radius }: { readonly norm: Norm; readonly radius: number },
) {
  const { image } = oracle;
  const point = image.map((value, i) => value + radius * offsets[i]!);
  const inside = await oracle.step(norms[norm].project, { image, point }, { radius });
  const { correct, classes } = await oracle.predict(inside);
  return { point: inside, correct, classes };
}
