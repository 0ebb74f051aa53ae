/** Is an attack that sees no gradient weaker than those that do? */
import type { RecordCheck } from "./check.js";
import { compareRivals, mostAhead } from "./rivals.js";
import { placeOf, points, skipped } from "./shares.js";
import { isBlackBox } from "./view.js";

export const blackBox: RecordCheck = {
  raisedIf: `at some radius, the worst case over attacks without gradients is more than ${100 * mostAhead} percentage point of aAcc below the best attack with the model's gradients; it warns if an attack without gradients lowers the worst case by more than that`,
  means:
    "gradients are masked: attacks that follow them find less than a blind search, and the figures are too high",
  remedy:
    "do not trust the figures of attacks with gradients here; run region-search with many more steps, and find out what masks the gradient",
  run({ radii }) {
    const found = compareRivals(radii, isBlackBox);
    if (!found)
      return skipped(
        "no attack without gradients ran beside those with them; add region-search to --attacks",
      );
    const { best, ahead, added } = found;
    return {
      status: ahead > mostAhead ? "fail" : added > mostAhead ? "warn" : "pass",
      detail: `${placeOf(best)} leaves ${points(Math.abs(ahead))} ${ahead > 0 ? "less" : "more"} aAcc than the best attack with gradients, and lowers the worst case by at most ${points(added)}`,
    };
  },
};
