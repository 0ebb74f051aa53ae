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
    const worst = largestBy(neighbours.map(riseOfWorst), ({ rise }) => rise);
    const most = largestBy(neighbours.flatMap(risesOf), ({ rise }) => rise);
    if (!worst || !most) return skipped("there is one radius only");
    const told = worst.rise > mostRise ? worst : most;
    return {
      status: worst.rise > mostRise ? "fail" : most.rise > mostRise ? "warn" : "pass",
      detail:
        told.rise > 0
          ? `aAcc rises by ${points(told.rise)} at most from one radius to the next (${placeOf(told)})`
          : `no attack's aAcc rises from one of ${radii.length} radii to the next`,
    };
  },
};

interface Neighbours {
  readonly larger: RunView["radii"][number];
  readonly smaller: RunView["radii"][number];
}

interface Rise extends Pick<AttackView, "attack" | "eps"> {
  /** Of aAcc from the smaller radius to the larger, `eps`. */
  readonly rise: number;
}

function riseOfWorst({ larger, smaller }: Neighbours): Rise {
  return { attack: "worst case", eps: larger[0]!.eps, rise: worstShare(larger) - worstShare(smaller) };
}

/** Every attack has records at every radius. */
function risesOf({ larger, smaller }: Neighbours): Rise[] {
  return larger.map(({ attack, eps, records }, i) => ({
    ...{ attack, eps },
    rise: meanShare(records) - meanShare(smaller[i]!.records),
  }));
}
