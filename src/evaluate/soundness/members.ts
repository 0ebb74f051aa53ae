/** What does each attack add to the others? */
import type { RecordCheck } from "./check.js";
import { largestBy, meanShare, points, skipped, worstShare } from "./shares.js";
import type { AttackView } from "./view.js";

const mostGain = 0.05;

export const members: RecordCheck = {
  raisedIf: `at some radius, the worst case over all attacks is more than ${100 * mostGain} percentage points of aAcc below the best single attack`,
  means:
    "no single attack finds most of the errors, so further attacks would find more: the figures are too high",
  remedy: "increase --steps, and use a larger ensemble (strongest)",
  run({ radii }) {
    const several = radii.filter((attacks) => attacks.length > 1).map((attacks) => attacks.map(ownFinds));
    const most = largestBy(several, gainOver);
    if (!most) return skipped("there is one attack only");
    const gain = gainOver(most);
    const idle = most.filter((view) => gainOf(view, most) === 0).map(({ attack }) => attack);
    const without =
      idle.length > 0 ? `; ${idle.join(", ")} ${idle.length > 1 ? "lower" : "lowers"} no image further` : "";
    return {
      status: gain > mostGain ? "warn" : "pass",
      detail: `the worst case over all attacks is at most ${points(gain)} of aAcc below the best single attack (${most[0]!.eps})${without}`,
    };
  },
};

/** A record without steps repeats what other attacks have found: by itself the attack leaves all pixels right. */
function ownFinds(view: AttackView): AttackView {
  const records = view.records.map((record) =>
    record.steps === 0 ? { ...record, correct: record.valid } : record,
  );
  return { ...view, records };
}

/** By how much the ensemble is below its best member. */
function gainOver(attacks: readonly AttackView[]): number {
  return Math.min(...attacks.map(({ records }) => meanShare(records))) - worstShare(attacks);
}

/** By how much the ensemble is below itself without one member. */
function gainOf(member: AttackView, attacks: readonly AttackView[]): number {
  return worstShare(attacks.filter((view) => view !== member)) - worstShare(attacks);
}
