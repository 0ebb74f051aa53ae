/** A run as the viewer shows it, complete or not: its progress, and its figures so far. */
import {
  type AttackSoFar,
  cleanAttack,
  cleanEps,
  type GateOutcome,
  memberNames,
  missingOf,
  type Result,
  RunningFigures,
  summarize,
} from "../../journal/index.js";
import type { StoredRun } from "../../journal/index.node.js";
import { stepsOfAttacks } from "../members.js";
import { storedGates } from "../own-gates.js";
import { uncertaintySentences } from "../uncertainty.js";

/** Figures of one attack, over the images it has run on so far. */
export interface AttackRow extends AttackSoFar {
  readonly attack: string;
}

export interface RadiusOverview {
  readonly eps: string;
  readonly attacks: readonly AttackRow[];
  /** The worst case over the attacks that have run on all images; undefined if there is none yet. */
  readonly worst:
    | { readonly attacks: number; readonly aAcc: number | null; readonly mIoU: number | null }
    | undefined;
  /** The lower bound over all choices among the attacks; undefined before the run is complete. */
  readonly mIoULower: number | undefined;
  /** How far the worst case may be off, for each figure in sentences; empty before the run is complete. */
  readonly uncertainty: readonly {
    readonly figure: "mIoU" | "aAcc";
    readonly sentences: readonly string[];
  }[];
}

export interface RunOverview {
  readonly complete: boolean;
  readonly model: string;
  readonly classes: number;
  readonly data: string;
  /** The number of images of the run, or of its shard. */
  readonly images: number;
  /** Whether the reference is the clean prediction, so that figures are consistency. */
  readonly self: boolean;
  readonly attacks: string;
  /** In words: `300 steps`, or `100 to 300 steps` where attacks differ. */
  readonly steps: string;
  readonly accounting: string;
  readonly shard: string | undefined;
  /** The number of records so far, and of the complete run. */
  readonly done: number;
  readonly expected: number;
  readonly seconds: number;
  readonly clean: AttackRow;
  readonly radii: readonly RadiusOverview[];
  /** Gates of the stored result, judged; empty before the run is complete. */
  readonly gates: readonly GateOutcome[];
}

/**
 * The overview of a run.
 * @param stored its result, if it is complete and has one
 * @throws SeawallError `journal` if records contradict each other; `data` if a complete run has no labelled pixel
 */
export function overviewOf(run: StoredRun, stored?: Result): RunOverview {
  const { protocol, model, data, shard } = run.description;
  const { expected, records: missing, images } = missingOf(run.description, run.records);
  const figures = new RunningFigures(run.description, run.records);
  const row = (attack: string, eps: string): AttackRow => ({ attack, ...figures.soFar(attack, eps) });
  const result = missing === 0 ? (stored ?? summarize(run.description, run.records)) : undefined;
  return {
    complete: missing === 0,
    model: model.file,
    classes: model.classes,
    data: data.spec,
    images,
    self: data.settings.labels === "self",
    attacks: protocol.attacks,
    steps: stepsOfAttacks(protocol),
    accounting: protocol.accounting,
    shard: shard && `${shard.index + 1}/${shard.count}`,
    done: expected - missing,
    expected,
    seconds: run.records.reduce((sum, record) => sum + record.seconds, 0),
    clean: row(cleanAttack, cleanEps),
    radii: protocol.eps.map((eps) => {
      const attacks = memberNames(protocol).map((attack) => row(attack, eps));
      return {
        eps,
        attacks,
        ...(result ? finalWorst(result, eps) : worstSoFar(figures, attacks, eps, images)),
      };
    }),
    gates: result ? storedGates({ description: run.description, result }) : [],
  };
}

type Worst = Pick<RadiusOverview, "worst" | "mIoULower" | "uncertainty">;

/** The worst case of a complete run, by its own accounting. */
function finalWorst(result: Result, eps: string): Worst {
  const { worst, attacks } = result.robust.find((radius) => radius.eps === eps)!;
  const { aAcc, mIoU, mIoULower } = worst;
  const figures = ["mIoU", "aAcc"] as const;
  return {
    worst: { attacks: attacks.length, aAcc, mIoU },
    mIoULower,
    uncertainty: figures.map((figure) => ({ figure, sentences: uncertaintySentences(result, eps, figure) })),
  };
}

function worstSoFar(
  figures: RunningFigures,
  attacks: readonly AttackRow[],
  eps: string,
  images: number,
): Worst {
  const met = attacks.filter((row) => row.images === images).map(({ attack }) => attack);
  const worst = met.length > 0 ? { attacks: met.length, ...figures.worst(met, eps) } : undefined;
  return { worst, mIoULower: undefined, uncertainty: [] };
}
