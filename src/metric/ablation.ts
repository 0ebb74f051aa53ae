/** Ablation: what the worst case would be without each attack, from the counts of a whole run. */
import type { CountsTable } from "./table.js";
import { type WorstCase, worstCase } from "./worst.js";

/**
 * Leave-one-out over `table[attack][image]`: the worst case of all attacks but one, for each; nothing where there is
 * only one. aAcc is exact and never below that of all; mIoU is what the search finds then.
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
