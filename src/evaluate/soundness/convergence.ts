/** Would more steps help still? */
import type { RunRecord } from "../../journal/index.js";
import type { RecordCheck } from "./check.js";
import { largestBy, points, skipped, withoutEvidence, worstShare } from "./shares.js";
import { type AttackView, followsGradients, hasEvidence } from "./view.js";

const mostLost = 0.01;

export const convergence: RecordCheck = {
  raisedIf: `the last fifth of the steps of each attack lowered the worst-case aAcc at some radius by more than ${100 * mostLost} percentage point`,
  means: "the attacks have not converged: more steps would lower the figures",
  remedy: "increase --steps until the figures no longer change",
  run({ radii }) {
    const seen = radii.filter((attacks) => attacks.some(followsGradients) && attacks.every(hasEvidence));
    const worst = largestBy(seen, lostLate);
    if (!worst) return skipped(withoutEvidence);
    const lost = lostLate(worst);
    return {
      status: lost > mostLost ? "warn" : "pass",
      detail: `the last fifth of the steps lowered the worst-case aAcc by at most ${points(Math.max(lost, 0))} (${worst[0]!.eps})`,
    };
  },
};

/** Right pixels of the point that the attack had kept before the last fifth of its steps. */
const before = ({ correct, evidence }: RunRecord) => correct + (evidence!.late ?? 0);

function lostLate(attacks: readonly AttackView[]): number {
  return worstShare(attacks, before) - worstShare(attacks);
}
