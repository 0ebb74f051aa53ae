/** Do the points still fool the model as images of 8 bits? */
import type { RunRecord } from "../../journal/index.js";
import type { RecordCheck } from "./check.js";
import { largestBy, points, skipped, worstShare } from "./shares.js";
import { type AttackView, hasEvidence } from "./view.js";

const mostRegained = 0.05;
/** Below a grey level the ball holds no other image of 8 bits. */
const greyLevel = (1 - 1e-6) / 255;

export const rounding: RecordCheck = {
  raisedIf: `at a radius of one grey level or more, rounding the perturbed images to 8 bits inside the ball raises the worst-case aAcc by more than ${100 * mostRegained} percentage points`,
  means:
    "the attack relies on changes smaller than a grey level: an image that is stored as a file resists it better than the figures say",
  remedy: "state that the figures hold for a model that is fed floating-point images",
  run({ radii }) {
    const evident = radii.filter((attacks) => attacks.every(hasEvidence));
    if (evident.length > 0 && !evident.every((attacks) => attacks.every(hasRounded)))
      return skipped("the images are not stored in 8 bits");
    const seen = evident.filter((attacks) => attacks[0]!.radius >= greyLevel);
    const worst = largestBy(seen, regained);
    if (!worst) return skipped("no radius of a grey level or more with what this check reads");
    const most = regained(worst);
    return {
      status: most > mostRegained ? "warn" : "pass",
      detail: `rounding the perturbed images to 8 bits ${most < 0 ? "lowers" : "raises"} the worst-case aAcc by ${points(Math.abs(most))} (${worst[0]!.eps})`,
    };
  },
};

const rounded = ({ evidence }: RunRecord) => evidence!.rounded!;
const hasRounded = ({ records }: AttackView) =>
  records.every(({ evidence }) => evidence?.rounded !== undefined);

function regained(attacks: readonly AttackView[]): number {
  return worstShare(attacks, rounded) - worstShare(attacks);
}
