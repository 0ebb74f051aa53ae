/** Ablation: the worst case without each attack, from the counts of a run. */
import { sumCounts } from "./counts.js";
import { imageAccuracy, meanIoU } from "./figures.js";
import { type CountsTable, onlyAttacks, packTable } from "./table.js";
import { accuracyWorstChoice, lowestChoice, pick, type WorstCase } from "./worst.js";

export interface AblationOptions {
  readonly seed?: number;
  /** Positions of attacks that are left out together; default: each attack alone. */
  readonly groups?: readonly (readonly number[])[];
}

/**
 * For each group of attacks, the worst case over all other attacks of `table[attack][image]`. Empty for a single group.
 * aAcc is exact, and at least that over all attacks. mIoU is the result of a search.
 */
export function leaveOneOut(
  table: CountsTable,
  { seed = 0, groups = table.map((_, attack) => [attack]) }: AblationOptions = {},
): Pick<WorstCase, "aAcc" | "mIoU">[] {
  if (groups.length < 2) return [];
  const packed = packTable(table);
  return groups.map((left) => {
    const kept = [...table.keys()].filter((attack) => !left.includes(attack));
    const others = kept.map((attack) => table[attack]!);
    const byAccuracy = accuracyWorstChoice(others);
    const choice = lowestChoice(onlyAttacks(packed, kept), byAccuracy, seed);
    return {
      aAcc: imageAccuracy(pick(others, byAccuracy)),
      mIoU: meanIoU(sumCounts(pick(others, choice))),
    };
  });
}
