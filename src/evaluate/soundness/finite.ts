/** Is every logit a number, on the images and at the points that attacks kept? */
import { formatShare } from "../../base/index.js";
import type { RunRecord } from "../../journal/index.js";
import type { RecordCheck } from "./check.js";
import { largestBy, placeOf, skipped } from "./shares.js";

export const finite: RecordCheck = {
  raisedIf: "a labelled pixel has a NaN among its logits, on a clean image or at a point that an attack kept",
  means:
    "the model divides by zero or overflows on images that it may be given; such pixels have no class and count as wrong",
  remedy:
    "find the operator that makes the NaN: a division, a root, a logarithm, an exponential without a bound; check --input-range, --mean and --std",
  run({ records }) {
    if (records.some(({ undecided }) => undecided === undefined)) {
      return skipped("the journal was written before NaN was counted");
    }
    const broken = records.filter(({ undecided }) => undecided! > 0);
    if (broken.length === 0) {
      return { status: "pass", detail: `no NaN among the logits of ${records.length} predictions` };
    }
    const share = ({ undecided, valid }: RunRecord) => undecided! / valid;
    const worst = largestBy(broken, share)!;
    return {
      status: "fail",
      detail: `${broken.length} of ${records.length} predictions have a NaN among their logits; at most ${formatShare(share(worst))} of the pixels, of image "${worst.image}" with ${placeOf(worst)}`,
    };
  },
};
