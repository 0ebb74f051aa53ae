/** What does each attack add to the others? */
import type { RecordCheck } from "./check.js";
import { largestBy, meanShare, points, skipped, worstShare } from "./shares.js";
import type { AttackView } from "./view.js";

const mostGain = 0.05;

export const members: RecordCheck = {
  raisedIf: `all attacks together leave over ${100 * mostGain} points of aAcc less at a radius than the best of them alone`,
  means: "each attack misses what others find, so further ones would find more: the figures are too high",
  remedy: "take more --steps and a larger ensemble (strongest)",
  run({ radii }) {
    const several = radii.filter((attacks) => attacks.length > 1);
    const most = largestBy(several, gainOver);
    if (!most) return skipped("there is one attack only");
    const gain = gainOver(most);
    const idle = most.filter((view) => gainOf(view, most) === 0).map(({ attack }) => attack);
    const without =
      idle.length > 0
        ? `; ${idle.join(", ")} ${idle.length > 1 ? "lower" : "lowers"} no image's accuracy there`
        : "";
    return {
      status: gain > mostGain ? "warn" : "pass",
      detail: `together the attacks leave ${points(gain)} of aAcc less than the best alone at most (${most[0]!.eps})${without}`,
    };
  },
};

/** By how much the ensemble is below its best member. */
function gainOver(attacks: readonly AttackView[]): number {
  return Math.min(...attacks.map(({ records }) => meanShare(records))) - worstShare(attacks);
}

/** By how much the ensemble is below itself without one member. */
function gainOf(member: AttackView, attacks: readonly AttackView[]): number {
  return worstShare(attacks.filter((view) => view !== member)) - worstShare(attacks);
}
