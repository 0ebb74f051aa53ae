/** Square attack: random search with squares of ±ε, which needs no gradient and sees classes alone. */
import type { RandomStream } from "../base/index.js";
import { losses } from "../loss/index.js";
import type { ImageOracle } from "../oracle/index.js";
import { type Attack, lostLate } from "./attack.js";
import { drawSign, meet, type Offsets, stripes } from "./search/corners.js";

/** Share of the image that the first square covers. */
const largestShare = 0.8;

/** Shares of the steps after which the square's area halves (Andriushchenko et al., ECCV 2020). */
const halvings = [0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8] as const;

/** Side of the square that step i of n tries; at least one pixel, and it fits into the image. */
export function squareSide(i: number, n: number, height: number, width: number): number {
  const area = largestShare / 2 ** halvings.filter((share) => i / n > share).length;
  return Math.min(Math.max(Math.round(Math.sqrt(area * height * width)), 1), height, width);
}

/**
 * Starts from vertical stripes of ±ε; each step gives one square another colour of ±ε and keeps it if no more
 * pixels are right than before. Under ℓ2 the same points are scaled into the ball.
 */
export const square: Attack = {
  name: "square",
  losses: [losses.ce],
  usesGradients: false,
  passes: (steps) => steps + 1,
  async run(oracle, settings, random) {
    const { height, width } = oracle;
    const { steps } = settings;
    let corner = stripes(oracle, random);
    let kept = { ...(await meet(oracle, corner, settings)), step: 0 };
    const history = [kept.correct];
    for (let i = 1; i <= steps && kept.correct > 0; i++) {
      const tried = withSquare(corner, oracle, squareSide(i, steps, height, width), random);
      const met = await meet(oracle, tried, settings);
      if (met.correct <= kept.correct) {
        corner = tried;
        kept = { ...met, step: i };
      }
      history.push(kept.correct);
    }
    return { point: kept.point, step: kept.step, late: lostLate(history, steps) };
  },
};

function withSquare(
  corner: Offsets,
  { channels, height, width }: ImageOracle,
  side: number,
  random: RandomStream,
): Offsets {
  const top = Math.floor(random.next() * (height - side + 1));
  const left = Math.floor(random.next() * (width - side + 1));
  const changed = corner.slice();
  for (let channel = 0; channel < channels; channel++) {
    const colour = drawSign(random);
    for (let y = top; y < top + side; y++) {
      const row = (channel * height + y) * width + left;
      changed.fill(colour, row, row + side);
    }
  }
  return changed;
}
