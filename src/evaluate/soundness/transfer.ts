/** Is an attack by the gradient of another model, or from a point found by it, weaker than those by the model's own? */
import type { RecordCheck } from "./check.js";
import { compareRivals, mostAhead } from "./rivals.js";
import { placeOf, points, skipped } from "./shares.js";
import { isTransfer } from "./view.js";

export const transfer: RecordCheck = {
  raisedIf: `at some radius, the worst case over attacks by the surrogate's gradient (transfer-search among them) is more than ${100 * mostAhead} percentage point of aAcc below the best attack by the model's own; it warns if a transferred attack lowers the worst case by more than that`,
  means:
    "the model's own gradients lead less far than those of another model: they are masked, or a poor estimate, and figures without the transfer are too high",
  remedy:
    "keep the transferred attacks in the run, take more steps, and find out what masks the gradient; the gradient of a quantised model is an estimate",
  run({ radii }) {
    const found = compareRivals(radii, isTransfer);
    if (!found)
      return skipped("no attack by another model's gradient ran; --surrogate FILE adds one for each attack");
    const { best, ahead, added } = found;
    return {
      status: ahead > mostAhead ? "fail" : added > mostAhead ? "warn" : "pass",
      detail: `${placeOf(best)} leaves ${points(Math.abs(ahead))} ${ahead > 0 ? "less" : "more"} aAcc than the best attack by the model's own gradient, and transfers lower the worst case by at most ${points(added)}`,
    };
  },
};
