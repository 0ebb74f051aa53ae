/** Rounds of attacks in a run with an adaptive budget: how many were needed, and why they ended. */
import { gainOf } from "../metric/index.js";
import type { Member, Protocol } from "./description.js";
import type { RunRecord } from "./record.js";
import type { Result } from "./result.js";

type Rounds = NonNullable<Result["rounds"]>[number];

/** The protocol without the rounds in which no attack takes a step: the run had ended before them. */
export function withoutIdleRounds(protocol: Protocol, records: Iterable<RunRecord>): Protocol {
  const rounds = new Map(protocol.members.map(({ name, round }) => [name, round]));
  const last = lastRound(records, ({ attack }) => rounds.get(attack));
  return { ...protocol, members: protocol.members.filter(({ round = 0 }) => round <= last) };
}

function lastRound(records: Iterable<RunRecord>, roundOf: (record: RunRecord) => number | undefined): number {
  let last = 0;
  for (const record of records) if (record.steps) last = Math.max(last, roundOf(record) ?? 0);
  return last;
}

/**
 * What the rounds of one seed at a radius came to.
 * @param attacks in their order
 * @param table their records: `table[attack][image]`
 */
export function roundsOf(
  attacks: readonly Member[],
  table: readonly (readonly RunRecord[])[],
  { eps, seed, leastGain }: { readonly eps: string; readonly seed: number; readonly leastGain: number },
): Rounds {
  const roundsAt = new Map(
    table.flatMap((records, i) => records.map((record) => [record, attacks[i]!.round])),
  );
  const rounds = lastRound(roundsAt.keys(), (record) => roundsAt.get(record));
  const upTo = (last: number) => table.filter((_, i) => (attacks[i]!.round ?? 0) <= last);
  const before = upTo(rounds - 1);
  const gain = gainOf(before, upTo(rounds).slice(before.length), { seed });
  const isSmall = gain.aAcc < leastGain && gain.mIoU < leastGain;
  return { eps, seed, rounds, gain, ended: isSmall ? "gain" : "steps" };
}
