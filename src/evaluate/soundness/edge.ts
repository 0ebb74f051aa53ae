/** Do the attacks use the ball that they are given? */
import { formatShare } from "../../base/index.js";
import type { RecordCheck } from "./check.js";
import { largestBy, placeOf, skipped, withoutEvidence } from "./shares.js";
import { type AttackView, followsGradients, hasEvidence } from "./view.js";

const leastShare = 0.2;
/** Of an image with fewer pixels right a loss has little left to follow. */
const leastRight = 0.1;

export const edge: RecordCheck = {
  raisedIf: `on images of which an attack left over ${100 * leastRight} % of the pixels right, fewer than ${100 * leastShare} % of the colour values of its points at a radius lie on the edge of the ball or of [0, 1]`,
  means:
    "sign steps go to the edge where a loss still rises: the steps are too short, too few, or lead nowhere",
  remedy: "take more steps, or an attack that chooses its step size (apgd)",
  run({ radii }) {
    const views = radii.flat().filter(followsGradients).filter(hasEvidence);
    const lowest = largestBy(views.flatMap(unfinished), (view) => -shareOf(view));
    if (!lowest)
      return skipped(views.length > 0 ? "the attacks left next to no pixel right" : withoutEvidence);
    return {
      status: shareOf(lowest) < leastShare ? "warn" : "pass",
      detail: `at least ${formatShare(shareOf(lowest))} of the colour values lie on the edge (${placeOf(lowest)})`,
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
