/** Ablation: the worst case without each attack, from the counts of a run. */
import type { CountsTable } from "./table.js";
import { type WorstCase, worstCase } from "./worst.js";

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
  return groups.map((left) => {
    const others = table.filter((_, attack) => !left.includes(attack));
    const { aAcc, mIoU } = worstCase(others, { seed });
    return { aAcc, mIoU };
  });
}
