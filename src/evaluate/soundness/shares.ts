/** Shares of right pixels over a view, and their wording in checks. */
import type { RunRecord } from "../../journal/index.js";
import type { CheckOutcome } from "./check.js";
import type { AttackView } from "./view.js";

type Count = (record: RunRecord) => number;

const correct: Count = (record) => record.correct;

/** Mean over images of right pixels as a share of the labelled ones: aAcc, or that of another count. */
export function meanShare(records: readonly RunRecord[], right: Count = correct): number {
  return records.reduce((sum, record) => sum + right(record) / record.valid, 0) / records.length;
}

/** The same of the fewest right pixels of each image under any of the attacks. */
export function worstShare(attacks: readonly AttackView[], right: Count = correct): number {
  const fewest = attacks[0]!.records.map((record, i) => ({
    ...record,
    correct: Math.min(...attacks.map(({ records }) => right(records[i]!))),
  }));
  return meanShare(fewest);
}

/** The entry with the largest value; undefined of none. */
export function largestBy<T>(entries: readonly T[], value: (entry: T) => number): T | undefined {
  return entries.reduce<T | undefined>(
    (best, entry) => (best === undefined || value(entry) > value(best) ? entry : best),
    undefined,
  );
}

/** The outcome of a check that the records have no data for. */
export function skipped(detail: string): CheckOutcome {
  return { status: "skip", detail };
}

/** A difference of shares: `3.1 percentage points`. */
export function points(difference: number): string {
  return `${(100 * difference).toFixed(1)} percentage points`;
}

/** `apgd:ce at 4/255`. */
export function placeOf({ attack, eps }: Pick<AttackView, "attack" | "eps">): string {
  return `${attack} at ${eps}`;
}

/** The reason for which checks of evidence skip a journal. */
export const withoutEvidence = "no attack with gradients stored the numbers that this check needs";
