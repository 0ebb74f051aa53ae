/** Attacks that follow the model's own gradients, beside attacks that do not: which find more? */
import { largestBy, meanShare, worstShare } from "./shares.js";
import { type AttackView, followsOwnGradients } from "./view.js";

/** By more than this share of right pixels, a rival shows that the model's own gradients lead astray. */
export const mostAhead = 0.01;

/** How rivals stand against the attacks with the model's own gradients. */
export interface Rivalry {
  /** The strongest rival at the radius at which rivals are furthest ahead. */
  readonly best: AttackView;
  /** By how much aAcc under all rivals is below that under the best attack with own gradients; negative if above. */
  readonly ahead: number;
  /** By how much rivals lower the worst case at most. */
  readonly added: number;
}

/** Compares the rivals at each radius; undefined if there is none beside an attack with own gradients. */
export function compareRivals(
  radii: readonly (readonly AttackView[])[],
  isRival: (view: AttackView) => boolean,
): Rivalry | undefined {
  const both = radii.filter((attacks) => attacks.some(isRival) && attacks.some(followsOwnGradients));
  const sides = both.map((attacks) => ({
    own: attacks.filter(followsOwnGradients),
    rivals: attacks.filter(isRival),
  }));
  const worst = largestBy(sides, aheadBy);
  if (!worst) return undefined;
  return {
    best: largestBy(worst.rivals, ({ records }) => -meanShare(records))!,
    ahead: aheadBy(worst),
    added: Math.max(...sides.map(addedBy)),
  };
}

interface Sides {
  readonly own: readonly AttackView[];
  readonly rivals: readonly AttackView[];
}

function aheadBy({ own, rivals }: Sides): number {
  return Math.min(...own.map(({ records }) => meanShare(records))) - worstShare(rivals);
}

function addedBy({ own, rivals }: Sides): number {
  return worstShare(own) - worstShare([...own, ...rivals]);
}
