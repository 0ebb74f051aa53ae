/** Do more steps ever make an attack weaker? */
import type { RecordCheck } from "./check.js";
import { largestBy, meanShare, placeOf, points, skipped, withoutEvidence } from "./shares.js";
import { type AttackView, followsGradients, hasEvidence } from "./view.js";

const mostGained = 0.005;

export const steps: RecordCheck = {
  raisedIf: `the last fifth of its steps raised an attack's aAcc at some radius by more than ${100 * mostGained} percentage points`,
  means:
    "more steps make the attack weaker: its loss rises while pixels become right again (possible with PGD, which keeps the image of highest loss)",
  remedy: "use an attack that keeps the image with the fewest right pixels (apgd), or another loss",
  run({ radii }) {
    const views = radii.flat().filter(followsGradients).filter(hasEvidence);
    const worst = largestBy(views, gained);
    if (!worst) return skipped(withoutEvidence);
    const most = gained(worst);
    return {
      status: most > mostGained ? "warn" : "pass",
      detail:
        most > 0
          ? `the last fifth of the steps raised aAcc by at most ${points(most)} (${placeOf(worst)})`
          : "the last fifth of the steps raised no attack's aAcc",
    };
  },
};

function gained({ records }: AttackView): number {
  return -meanShare(records, ({ evidence }) => evidence!.late ?? 0);
}
