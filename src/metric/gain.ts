/** What further attacks gain: by how much they lower the worst case of those before them. */
import type { CountsTable } from "./table.js";
import { worstCase } from "./worst.js";

/** In shares; 0 where no pixel is labelled. */
export interface Gain {
  readonly aAcc: number;
  readonly mIoU: number;
}

/**
 * The search for the lowest mIoU may end higher with more attacks to choose from, so a gain can be negative.
 * @param options.seed as in `worstCase`
 */
export function gainOf(before: CountsTable, added: CountsTable, options: { seed?: number } = {}): Gain {
  const [first, then] = [worstCase(before, options), worstCase([...before, ...added], options)];
  return {
    aAcc: (first.aAcc ?? 0) - (then.aAcc ?? 0),
    mIoU: (first.mIoU ?? 0) - (then.mIoU ?? 0),
  };
}
