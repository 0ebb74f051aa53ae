/** Is an attack that sees no gradient weaker than those that do? */
import type { RecordCheck } from "./check.js";
import { largestBy, meanShare, placeOf, points, skipped, worstShare } from "./shares.js";
import { type AttackView, followsGradients, isBlackBox } from "./view.js";

const mostAhead = 0.01;

export const blackBox: RecordCheck = {
  raisedIf: `at a radius the worst case without gradients is more than ${100 * mostAhead} point of aAcc below the best attack with gradients; it warns if such an attack lowers the worst case by more than that`,
  means:
    "gradients are masked: attacks that follow them find less than a blind search, and the figures are too high",
  remedy:
    "believe no figure of this model by gradients; give square many more steps, and look for what masks the gradient",
  run({ radii }) {
    const both = radii.filter((attacks) => attacks.some(isBlackBox) && attacks.some(followsGradients));
    const worst = largestBy(both, ahead);
    if (!worst)
      return skipped("no attack without gradients ran beside those with them; add square to --attacks");
    const best = largestBy(worst.filter(isBlackBox), (view) => -meanShare(view.records))!;
    const most = Math.max(...both.map(added));
    return {
      status: ahead(worst) > mostAhead ? "fail" : most > mostAhead ? "warn" : "pass",
      detail: `${placeOf(best)} leaves ${points(Math.abs(ahead(worst)))} ${ahead(worst) > 0 ? "less" : "more"} than the best attack with gradients; it lowers the worst case by ${points(most)} at most`,
    };
  },
};

/** By how much blind attacks together are below the best that follows gradients. */
function ahead(attacks: readonly AttackView[]): number {
  const seeing = attacks.filter(followsGradients).map(({ records }) => meanShare(records));
  return Math.min(...seeing) - worstShare(attacks.filter(isBlackBox));
}

/** By how much they lower the worst case of those that follow gradients. */
function added(attacks: readonly AttackView[]): number {
  const seeing = attacks.filter(followsGradients);
  return worstShare(seeing) - worstShare([...seeing, ...attacks.filter(isBlackBox)]);
}
