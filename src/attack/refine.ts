/**
 * Attacks that refine what others have found. Margins of robust models are small: at temperature 1 a loss spends the
 * ball on pixels that cannot be flipped or are wrong already. So broad attacks come first, sharp ones last.
 */
import type { Loss } from "../loss/index.js";
import { stagedApgd } from "./apgd.js";
import type { Attack } from "./attack.js";

const continues = { continues: true };

/** Stays at ε, with τ from ½ to 1/20. */
export function sharpen(loss: Loss): Attack {
  return stagedApgd(`sharpen:${loss.name}`, [{ loss, share: 1, temperature: [0.5, 0.05] }], continues);
}

/** Stays at ε and close by, with a first step of ε/2 and τ from ⅒ to 3/100: for points that others have sharpened. */
export function polish(loss: Loss): Attack {
  const stages = [{ loss, share: 1, temperature: [0.1, 0.03] as const, firstStep: 0.5 }];
  return stagedApgd(`polish:${loss.name}`, stages, continues);
}

/** Leaves the ball for a quarter of the steps, at τ = 1; comes back with τ from 1 to 1/20. */
export function reopen(loss: Loss): Attack {
  const setShare = 0.75;
  const stages = [
    { loss, setShare, share: 1 / 4, radius: 1.5 },
    { loss, setShare, share: 3 / 4, temperature: [1, 0.05] as const },
  ];
  return stagedApgd(`reopen:${loss.name}`, stages, continues);
}
