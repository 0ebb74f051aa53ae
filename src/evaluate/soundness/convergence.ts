/** Would more steps help still? */
import type { RunRecord } from "../../journal/index.js";
import type { RecordCheck } from "./check.js";
import { largestBy, points, skipped, withoutEvidence, worstShare } from "./shares.js";
import { type AttackView, followsGradients, hasEvidence } from "./view.js";

const mostLost = 0.01;

export const convergence: RecordCheck = {
  raisedIf: `over the last fifth of the steps of each attack the worst-case aAcc at a radius fell by more than ${100 * mostLost} point`,
  means: "not converged: with more steps the figures would be lower",
  remedy: "take more --steps until the figures stand",
  run({ radii }) {
    const seen = radii.filter((attacks) => attacks.some(followsGradients) && attacks.every(hasEvidence));
    const worst = largestBy(seen, lostLate);
    if (!worst) return skipped(withoutEvidence);
    const lost = lostLate(worst);
    return {
      status: lost > mostLost ? "warn" : "pass",
      detail: `the last fifth of the steps lowered the worst-case aAcc by ${points(Math.max(lost, 0))} at most (${worst[0]!.eps})`,
    };
  },
};

/** Right pixels of the point that the attack had kept before the last fifth of its steps. */
const before = ({ correct, evidence }: RunRecord) => correct + (evidence!.late ?? 0);

function lostLate(attacks: readonly AttackView[]): number {
  return worstShare(attacks, before) - worstShare(attacks);
}
