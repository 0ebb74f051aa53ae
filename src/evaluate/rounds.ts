/** Adaptive budgets: which images take how many steps in a round, by the records of the rounds before. */
import type { RunRecord } from "../journal/index.js";
import { type CountsTable, gainOf } from "../metric/index.js";

/** No image takes more than so many times the mean of a round. */
const mostShare = 4;

/** Records of several attacks: `table[attack][image]`. */
export type RecordTable = readonly (readonly RunRecord[])[];

/** Whether a round is the last: it lowers both aAcc and mIoU of the worst case by less than the least gain. */
export function isLast(before: CountsTable, round: CountsTable, leastGain: number, seed: number): boolean {
  const { aAcc, mIoU } = gainOf(before, round, { seed });
  return aAcc < leastGain && mIoU < leastGain;
}

/**
 * Steps of every image in the round after `last`. Images that have converged take none: those from which the last round
 * took less than the least share of their pixels, or on which it made no step. The others share the steps of all. If
 * every image has converged, each takes its own, since the mIoU of the set may still fall.
 * @param steps of the last round, by image
 * @param mean steps of an image in a round
 */
export function stepsAfter(
  before: RecordTable,
  last: RecordTable,
  steps: readonly number[],
  mean: number,
  leastGain: number,
): number[] {
  const falls = steps.map((own, i) => {
    const lost = fewest(before, i) - fewest([...before, ...last], i);
    return own > 0 && lost > 0 && lost >= leastGain * last[0]![i]!.valid;
  });
  const falling = falls.filter(Boolean).length;
  if (falling === 0) return falls.map(() => mean);
  const share = Math.min(mostShare, falls.length / falling);
  return falls.map((is) => (is ? Math.floor(share * mean) : 0));
}

function fewest(table: RecordTable, image: number): number {
  return Math.min(...table.map((records) => records[image]!.correct));
}
