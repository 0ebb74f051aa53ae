/** What the validations of a training have shown so far, and which checkpoints are kept for it: pure functions. */

/** Accuracies of the held-out images at a validation; null where no pixel is labelled. */
type Accuracies = Readonly<Record<"clean" | "robust", { readonly aAcc: number | null }>>;

/** A checkpoint among the best ones. */
export interface TopCheckpoint {
  /** Updates done. */
  readonly step: number;
  /** Deciding accuracy of the held-out images. */
  readonly figure: number;
}

/** Kept in every checkpoint, so that a resumed training judges its next validation as an uninterrupted one does. */
export interface ValidationHistory {
  /** The best accuracies so far, by what they choose. */
  readonly best: Readonly<Partial<Record<BestName, number | undefined>>>;
  /** Number of validations in a row, up to the last one, that did not raise the best deciding accuracy. */
  readonly stale: number;
  /** The checkpoints with the best deciding accuracies, the best first; of equal ones the earlier is better. */
  readonly top: readonly TopCheckpoint[];
}

export const emptyHistory: ValidationHistory = { best: {}, stale: 0, top: [] };

/** The best checkpoints, and the accuracy that chooses each. */
const chosenBy = { bestRobust: "robust", bestClean: "clean" } as const satisfies Record<
  string,
  keyof Accuracies
>;
export type BestName = keyof typeof chosenBy;

/** How the validations of a training are judged. */
export interface Judging {
  /** The accuracy that decides: of attacked images, or of clean ones where training attacks none. */
  readonly decides: BestName;
  /** Number of checkpoints in `top`. */
  readonly keep: number;
}

/** The history after a validation at `step`, and the best checkpoints that the state at `step` replaces. */
export function withValidation(
  before: ValidationHistory,
  step: number,
  validation: Accuracies,
  { decides, keep }: Judging,
): { readonly history: ValidationHistory; readonly better: readonly BestName[] } {
  const figureOf = (name: BestName) => validation[chosenBy[name]].aAcc;
  const better = (Object.keys(chosenBy) as BestName[]).filter(
    (name) => (figureOf(name) ?? -1) > (before.best[name] ?? -1),
  );
  const figure = figureOf(decides);
  return {
    better,
    history: {
      best: { ...before.best, ...Object.fromEntries(better.map((name) => [name, figureOf(name)!])) },
      stale: better.includes(decides) ? 0 : before.stale + 1,
      top: figure === null ? before.top : bestOf([...before.top, { step, figure }], keep),
    },
  };
}

/** The sort is stable, and earlier checkpoints come first. */
function bestOf(checkpoints: readonly TopCheckpoint[], keep: number): TopCheckpoint[] {
  return [...checkpoints].sort((a, b) => b.figure - a.figure).slice(0, keep);
}
