/** Do the attacks use the ball that they are given? */
import type { RecordCheck } from "./check.js";
import { largestBy, percent, placeOf, skipped, withoutEvidence } from "./shares.js";
import { type AttackView, followsGradients, hasEvidence } from "./view.js";

const leastShare = 0.2;

export const edge: RecordCheck = {
  raisedIf: `of the points that an attack kept at a radius, fewer than ${100 * leastShare} % of the colour values lie on the edge of the ball or of [0, 1]`,
  means:
    "sign steps go to the edge where a loss still rises: the steps are too short, too few, or lead nowhere",
  remedy: "take more steps, or an attack that chooses its step size (apgd)",
  run({ radii }) {
    const views = radii.flat().filter(followsGradients).filter(hasEvidence);
    const lowest = largestBy(views, (view) => -shareOf(view));
    if (!lowest) return skipped(withoutEvidence);
    return {
      status: shareOf(lowest) < leastShare ? "warn" : "pass",
      detail: `at least ${percent(shareOf(lowest))} of the colour values lie on the edge (${placeOf(lowest)})`,
    };
  },
};

function shareOf({ records }: AttackView): number {
  return records.reduce((sum, { evidence }) => sum + evidence!.edge, 0) / records.length;
}
