/** How many rounds a run with an adaptive budget made, and why they ended. */
import { bySeed, type Result } from "../journal/index.js";
import { plural } from "./text.js";

/** A sentence for each radius and seed; empty for a run without rounds. */
export function roundSentences({ rounds = [], protocol }: Result): string[] {
  const seeds = bySeed(protocol, protocol.members).length;
  return rounds.map(({ eps, seed, rounds: count, gain, ended }) => {
    const [aAcc, mIoU, least] = [gain.aAcc, gain.mIoU, protocol.leastGain ?? 0].map(formatPoints);
    const where = seeds > 1 ? `${eps}, seed ${seed}` : eps;
    const lowered = `lowered aAcc by ${aAcc} and mIoU by ${mIoU} percentage points`;
    return ended === "gain"
      ? `${where}: ${plural(count, "round")}; the last one ${lowered}, both less than ${least}`
      : `${where}: ${plural(count, "round")}, as many as --max-steps allows; the last one still ${lowered}`;
  });
}

function formatPoints(share: number): string {
  return String(Number((100 * share).toFixed(3)));
}
