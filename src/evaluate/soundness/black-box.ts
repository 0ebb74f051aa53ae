/** Is an attack that sees no gradient weaker than those that do? */
import type { RecordCheck } from "./check.js";
import { largestBy, meanShare, placeOf, points, skipped, worstShare } from "./shares.js";
import { type AttackView, followsGradients, isBlackBox } from "./view.js";

const mostAhead = 0.01;

export const blackBox: RecordCheck = {
  raisedIf: `at some radius, the worst case over attacks without gradients is more than ${100 * mostAhead} percentage point of aAcc below the best attack with gradients; it warns if an attack without gradients lowers the worst case by more than that`,
  means:
    "gradients are masked: attacks that follow them find less than a blind search, and the figures are too high",
  remedy:
    "do not trust the figures of attacks with gradients here; give square many more steps, and find out what masks the gradient",
  run({ radii }) {
    const both = radii.filter((attacks) => attacks.some(isBlackBox) && attacks.some(followsGradients));
    const worst = largestBy(both, ahead);
    if (!worst)
      return skipped("no attack without gradients ran beside those with them; add square to --attacks");
    const best = largestBy(worst.filter(isBlackBox), (view) => -meanShare(view.records))!;
    const most = Math.max(...both.map(added));
    return {
      status: ahead(worst) > mostAhead ? "fail" : most > mostAhead ? "warn" : "pass",
      detail: `${placeOf(best)} leaves ${points(Math.abs(ahead(worst)))} ${ahead(worst) > 0 ? "less" : "more"} aAcc than the best attack with gradients, and lowers the worst case by at most ${points(most)}`,
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
