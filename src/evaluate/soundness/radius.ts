/** Is a larger radius at least as strong as a smaller one? */
import type { RecordCheck } from "./check.js";
import { largestBy, meanShare, placeOf, points, skipped, worstShare } from "./shares.js";
import type { AttackView, RunView } from "./view.js";

const mostRise = 0.005;

export const radius: RecordCheck = {
  raisedIf: `aAcc at some radius is more than ${100 * mostRise} percentage points above aAcc at the next smaller radius; it fails if the worst case rises, and warns if a single attack's figure does`,
  means:
    "a larger radius allows more, so the attack failed to use it: the figure at the larger radius is too high",
  remedy:
    "increase --steps, or find out what masks the gradient; the figure at the smaller radius is an upper bound for the larger one",
  run({ radii }) {
    const neighbours = radii.slice(1).map((larger, i) => ({ larger, smaller: radii[i]! }));
    const worst = largestBy(neighbours.map(riseOfWorst), ({ rise }) => rise);
    const most = largestBy(neighbours.flatMap(risesOf), ({ rise }) => rise);
    if (!worst || !most) return skipped("there is one radius only");
    const told = worst.rise > mostRise ? worst : most;
    return {
      status: worst.rise > mostRise ? "fail" : most.rise > mostRise ? "warn" : "pass",
      detail:
        told.rise > 0
          ? `aAcc rises by at most ${points(told.rise)} from one radius to the next larger one (${placeOf(told)})`
          : `no attack's aAcc rises from one of the ${radii.length} radii to the next larger one`,
    };
  },
};

interface Neighbours {
  readonly larger: RunView["radii"][number];
  readonly smaller: RunView["radii"][number];
}

interface Rise extends Pick<AttackView, "attack" | "eps"> {
  /** Increase of aAcc from the smaller radius to the larger one, `eps`. */
  readonly rise: number;
}

function riseOfWorst({ larger, smaller }: Neighbours): Rise {
  return { attack: "worst case", eps: larger[0]!.eps, rise: worstShare(larger) - worstShare(smaller) };
}

/** Attacks of a round that was needed at one of the radii only are not compared. */
function risesOf({ larger, smaller }: Neighbours): Rise[] {
  return larger.flatMap(({ attack, eps, records }) => {
    const same = smaller.find((view) => view.attack === attack);
    return same ? [{ attack, eps, rise: meanShare(records) - meanShare(same.records) }] : [];
  });
}
