/** Do the attacks use the ball that they are given? */
import { formatShare } from "../../base/index.js";
import type { RecordCheck } from "./check.js";
import { largestBy, placeOf, skipped, withoutEvidence } from "./shares.js";
import { type AttackView, followsGradients, hasEvidence } from "./view.js";

const leastShare = 0.2;
/** Images with a smaller share of right pixels are left out: little of the loss is left to follow. */
const leastRight = 0.1;

export const edge: RecordCheck = {
  raisedIf: `on images where an attack left more than ${100 * leastRight} % of the pixels right, fewer than ${100 * leastShare} % of the colour values were moved as far as allowed (by ±ε, or to black or white)`,
  means:
    "sign steps move values as far as allowed while the loss still rises: here the steps are too short or too few, or follow a useless gradient",
  remedy: "increase --steps, or use an attack that adapts its step size (apgd)",
  run({ radii }) {
    const views = radii.flat().filter(followsGradients).filter(hasEvidence);
    const lowest = largestBy(views.flatMap(unfinished), (view) => -shareOf(view));
    if (!lowest)
      return skipped(views.length > 0 ? "the attacks left next to no pixel right" : withoutEvidence);
    return {
      status: shareOf(lowest) < leastShare ? "warn" : "pass",
      detail: `at least ${formatShare(shareOf(lowest))} of the colour values were moved as far as allowed (${placeOf(lowest)})`,
    };
  },
};

/** The images that an attack has not finished. */
function unfinished(view: AttackView): AttackView[] {
  const records = view.records.filter(({ correct, valid }) => correct > leastRight * valid);
  return records.length > 0 ? [{ ...view, records }] : [];
}

function shareOf({ records }: AttackView): number {
  return records.reduce((sum, { evidence }) => sum + evidence!.edge, 0) / records.length;
}
