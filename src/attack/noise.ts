/** Random noise: the baseline that every attack must beat. */
import type { RandomStream } from "../base/index.js";
import { losses } from "../loss/index.js";
import type { ImageOracle } from "../oracle/index.js";
import { type Attack, type AttackSettings, randomPoint } from "./attack.js";
import { norms } from "./optimizer/steps.js";

const draws = 10;

/** A point drawn uniformly from the ball (ℓ2: its surface) and cut to [0, 1]. */
export function noisePoint(
  oracle: ImageOracle,
  settings: AttackSettings,
  random: RandomStream,
): Promise<Float32Array> {
  const { norm, radius } = settings;
  const point = randomPoint(oracle.image, settings, random);
  return oracle.step(norms[norm].project, { image: oracle.image, point }, { radius });
}

/** Ten points drawn from the ball; the one with the fewest right pixels is kept. */
export const noise: Attack = {
  name: "noise",
  losses: [losses.ce],
  usesGradients: false,
  fixedSteps: draws,
  passes: () => draws,
  async run(oracle, settings, random) {
    let kept = { point: oracle.image, step: 0, score: Number.POSITIVE_INFINITY };
    for (let i = 1; i <= draws && kept.score > 0; i++) {
      const point = await noisePoint(oracle, settings, random);
      const { score } = await oracle.predict(point);
      if (score < kept.score) kept = { point, step: i, score };
    }
    return kept;
  },
};
