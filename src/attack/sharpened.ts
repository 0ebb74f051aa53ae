/** Broad first, sharp last: what a softmax loss at temperature 1 has found is refined at a falling temperature. */
import { losses } from "../loss/index.js";
import { stagedApgd } from "./apgd.js";
import type { AttackStage } from "./stages.js";

/**
 * Half of the steps on `cospgd` at 2ε, 1.5ε and ε, half on `expected-accuracy` at ε with τ from ½ to ⅒. Margins of
 * robust models are small: at τ = 1 a loss spends the ball on pixels that cannot be flipped or are wrong already.
 */
export const sharpenedStages: readonly AttackStage[] = [
  { loss: losses.cospgd, share: 0.15, radius: 2 },
  { loss: losses.cospgd, share: 0.15, radius: 1.5 },
  { loss: losses.cospgd, share: 0.2 },
  { loss: losses["expected-accuracy"], share: 0.5, temperature: [0.5, 0.1] },
];

export const sharpened = stagedApgd("sharpened", sharpenedStages);
