/** Do the attacks get gradients that they can follow? */
import { formatShare } from "../../base/index.js";
import type { RunRecord } from "../../journal/index.js";
import type { RecordCheck } from "./check.js";
import { skipped, withoutEvidence } from "./shares.js";
import { followsGradients, hasEvidence } from "./view.js";

/** More zeros than this, and a sign step leaves most of the image where it is. */
const mostZeros = 0.5;
/** A share of failing records that is no accident of a few images. */
const mostDead = 0.1;

export const gradients: RecordCheck = {
  raisedIf: `a gradient is not finite, or the first gradient of an attack is more than ${100 * mostZeros} % zeros although noise leaves most of the image right; it fails if this concerns more than ${100 * mostDead} % of the attacked images`,
  means:
    "attacks cannot move where the gradient is zero or not a number: the model may look more robust than it is",
  remedy:
    "look for saturated, rounded or masked stages of the model: choose the logits before them with --output, or add an attack without gradients (region-search)",
  run({ radii }) {
    const records = radii
      .flat()
      .filter(followsGradients)
      .filter(hasEvidence)
      .flatMap((view) => view.records);
    if (records.length === 0) return skipped(withoutEvidence);
    const broken = records.filter(({ evidence }) => (evidence!.notFinite ?? 0) > 0).length;
    const zero = records.filter(isMostlyZero).length;
    const share = Math.max(broken, zero) / records.length;
    return {
      status: share > mostDead ? "fail" : share > 0 ? "warn" : "pass",
      detail: `${formatShare(zero / records.length)} of ${records.length} attacks on an image began with a gradient of mostly zeros; ${formatShare(broken / records.length)} met a gradient that is not finite`,
    };
  },
};

/** Where few pixels are right, a masked loss has little gradient and needs none. */
function isMostlyZero({ evidence, valid }: RunRecord): boolean {
  return (evidence!.zeroGradient ?? 0) > mostZeros && evidence!.noise > valid / 2;
}
