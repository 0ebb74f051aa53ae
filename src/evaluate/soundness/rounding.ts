/** Do the points still fool the model as images of 8 bits? */
import type { RunRecord } from "../../journal/index.js";
import type { RecordCheck } from "./check.js";
import { largestBy, points, skipped, worstShare } from "./shares.js";
import { type AttackView, hasEvidence } from "./view.js";

const mostRegained = 0.05;
/** Below a grey level the ball holds no other image of 8 bits. */
const greyLevel = (1 - 1e-6) / 255;

export const rounding: RecordCheck = {
  raisedIf: `at a radius of a grey level or more, the worst-case aAcc is over ${100 * mostRegained} points higher when the points are rounded to 8 bits inside the ball`,
  means:
    "the attack lives in fractions of a grey level: an image that is stored as a file resists it better than the figures say",
  remedy: "quote the figures for what they are, those of a model that is fed floats",
  run({ radii }) {
    const seen = radii.filter((attacks) => attacks[0]!.radius >= greyLevel && attacks.every(hasEvidence));
    const worst = largestBy(seen, regained);
    if (!worst) return skipped("no radius of a grey level or more with what this check reads");
    const most = regained(worst);
    return {
      status: most > mostRegained ? "warn" : "pass",
      detail: `rounded to 8 bits the points leave ${points(Math.abs(most))} ${most < 0 ? "less" : "more"} in the worst case (${worst[0]!.eps})`,
    };
  },
};

const rounded = ({ evidence }: RunRecord) => evidence!.rounded;

function regained(attacks: readonly AttackView[]): number {
  return worstShare(attacks, rounded) - worstShare(attacks);
}
