/** Ablation: the worst case without each attack, from the counts of a run. */
import type { CountsTable } from "./table.js";
import { type WorstCase, worstCase } from "./worst.js";

/**
 * For each attack, the worst case over all other attacks of `table[attack][image]`. Empty for a single attack.
 * aAcc is exact, and at least that over all attacks. mIoU is the result of a search.
 */
export function leaveOneOut(
  table: CountsTable,
  options: { seed?: number } = {},
): Pick<WorstCase, "aAcc" | "mIoU">[] {
  if (table.length < 2) return [];
  return table.map((left) => {
    const { aAcc, mIoU } = worstCase(
      table.filter((attack) => attack !== left),
      options,
    );
    return { aAcc, mIoU };
  });
}
