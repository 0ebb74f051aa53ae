/** Figures while a run is going: one attack at one radius, and the worst case of the attacks so far. */
import type { RunDescription, RunRecord } from "../journal/index.js";
import { imageAccuracy, meanIoU, sumCounts, worstCase } from "../metric/index.js";

export interface AttackFigures {
  readonly attack: string;
  readonly eps: string;
  /** Mean over the images. */
  readonly aAcc: number | null;
  readonly mIoU: number | null;
  /** The worst case of the attacks at this radius up to this one. */
  readonly worst: { readonly aAcc: number | null; readonly mIoU: number | null };
  readonly seconds: number;
}

/** Figures of an attack that all images have met. */
export function figuresSoFar(
  { protocol }: Pick<RunDescription, "protocol">,
  records: readonly RunRecord[],
  attack: string,
  eps: string,
): AttackFigures {
  const of = (name: string) =>
    records
      .filter((record) => record.eps === eps && record.attack === name)
      .sort((a, b) => a.index - b.index);
  const own = of(attack);
  const done = protocol.members.slice(0, protocol.members.indexOf(attack) + 1).map(of);
  const { aAcc, mIoU } = worstCase(done, { seed: protocol.seed });
  return {
    attack,
    eps,
    aAcc: imageAccuracy(own),
    mIoU: meanIoU(sumCounts(own)),
    worst: { aAcc, mIoU },
    seconds: own.reduce((sum, record) => sum + record.seconds, 0),
  };
}
