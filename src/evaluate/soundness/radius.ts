/** Is a larger radius at least as strong as a smaller one? */
import type { RecordCheck } from "./check.js";
import { largestBy, meanShare, placeOf, points, skipped, worstShare } from "./shares.js";
import type { AttackView, RunView } from "./view.js";

const mostRise = 0.005;

export const radius: RecordCheck = {
  raisedIf: `aAcc at a radius is more than ${100 * mostRise} points above that at the next smaller one; it fails if the worst case is, and warns if an attack is`,
  means:
    "an attack that may do more does less: it gets lost on the way, and the figure at the larger radius is too high",
  remedy:
    "take more --steps, or look for what masks the gradient; the smaller radius' figure bounds the larger one's",
  run({ radii }) {
    const neighbours = radii.slice(1).map((larger, i) => ({ larger, smaller: radii[i]! }));
    if (neighbours.length === 0) return skipped("there is one radius only");
    const rises = neighbours.flatMap(risesOf);
    const most = largestBy(rises, ({ rise }) => rise)!;
    const worst = Math.max(
      ...neighbours.map(({ larger, smaller }) => worstShare(larger) - worstShare(smaller)),
    );
    return {
      status: worst > mostRise ? "fail" : most.rise > mostRise ? "warn" : "pass",
      detail:
        most.rise > 0
          ? `aAcc rises by ${points(most.rise)} at most from one radius to the next (${placeOf(most.view)})`
          : `no attack's aAcc rises from one of ${radii.length} radii to the next`,
    };
  },
};

interface Neighbours {
  readonly larger: RunView["radii"][number];
  readonly smaller: RunView["radii"][number];
}

/** Every attack has records at every radius. */
function risesOf({ larger, smaller }: Neighbours): { view: AttackView; rise: number }[] {
  return larger.map((view, i) => ({ view, rise: meanShare(view.records) - meanShare(smaller[i]!.records) }));
}
