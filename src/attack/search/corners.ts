/** Corners of the ball, where attacks without gradients search: every value is at −ε or +ε. */
import type { RandomStream } from "../../base/index.js";
import type { ImageOracle } from "../../oracle/index.js";
import { type Norm, norms } from "../optimizer/steps.js";

/** A corner of the ball, in signs: C·H·W numbers of ±1. */
export type Corner = Int8Array;

export const drawSign = (random: RandomStream) => (random.next() < 0.5 ? -1 : 1);

/** Every column of every channel has a sign of its own. */
export function stripes({ channels, height, width }: ImageOracle, random: RandomStream): Corner {
  const columns = Array.from({ length: channels * width }, () => drawSign(random));
  return Int8Array.from({ length: channels * height * width }, (_, i) => {
    const channel = Math.floor(i / (height * width));
    return columns[channel * width + (i % width)]!;
  });
}

/** The point of a corner, scaled into the ball and cut to [0, 1], and what the model predicts there. */
export async function meet(
  oracle: ImageOracle,
  corner: Corner,
  { norm, radius }: { readonly norm: Norm; readonly radius: number },
) {
  const { image } = oracle;
  const point = image.map((value, i) => value + radius * corner[i]!);
  const inside = await oracle.step(norms[norm].project, { image, point }, { radius });
  const { correct, classes } = await oracle.predict(inside);
  return { point: inside, correct, classes };
}
