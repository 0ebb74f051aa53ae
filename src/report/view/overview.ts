/** A run as the viewer shows it, complete or not: its progress, and its figures so far. */
import {
  type AttackSoFar,
  cleanAttack,
  cleanEps,
  missingOf,
  RunningFigures,
  summarize,
  type WorstFigures,
} from "../../journal/index.js";
import type { StoredRun } from "../../journal/index.node.js";

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
  readonly steps: number;
  readonly accounting: string;
  readonly shard: string | undefined;
  /** The number of records so far, and of the complete run. */
  readonly done: number;
  readonly expected: number;
  readonly seconds: number;
  readonly clean: AttackRow;
  readonly radii: readonly RadiusOverview[];
}

/**
 * The overview of a run.
 * @throws SeawallError `journal` if records contradict each other; `data` if a complete run has no labelled pixel
 */
export function overviewOf(run: StoredRun): RunOverview {
  const { protocol, model, data, shard } = run.description;
  const { expected, records: missing, images } = missingOf(run.description, run.records);
  const figures = new RunningFigures(run.description, run.records);
  const row = (attack: string, eps: string): AttackRow => ({ attack, ...figures.soFar(attack, eps) });
  const worst = missing === 0 ? finalWorst(run) : undefined;
  return {
    complete: missing === 0,
    model: model.file,
    classes: model.classes,
    data: data.spec,
    images,
    self: data.settings.labels === "self",
    attacks: protocol.attacks,
    steps: protocol.steps,
    accounting: protocol.accounting,
    shard: shard && `${shard.index + 1}/${shard.count}`,
    done: expected - missing,
    expected,
    seconds: run.records.reduce((sum, record) => sum + record.seconds, 0),
    clean: row(cleanAttack, cleanEps),
    radii: protocol.eps.map((eps) => {
      const attacks = protocol.members.map((attack) => row(attack, eps));
      return { eps, attacks, ...(worst?.get(eps) ?? worstSoFar(figures, attacks, eps, images)) };
    }),
  };
}

type Worst = Pick<RadiusOverview, "worst" | "mIoULower">;

/** The worst case of a complete run, by its own accounting, as in its result. */
function finalWorst({ description, records }: StoredRun): Map<string, Worst> {
  const { robust } = summarize(description, records);
  return new Map(robust.map(({ eps, worst, attacks }) => [eps, worstOf(worst, attacks.length)]));
}

function worstOf({ aAcc, mIoU, mIoULower }: WorstFigures, attacks: number): Worst {
  return { worst: { attacks, aAcc, mIoU }, mIoULower };
}

function worstSoFar(
  figures: RunningFigures,
  attacks: readonly AttackRow[],
  eps: string,
  images: number,
): Worst {
  const met = attacks.filter((row) => row.images === images).map(({ attack }) => attack);
  const worst = met.length > 0 ? { attacks: met.length, ...figures.worst(met, eps) } : undefined;
  return { worst, mIoULower: undefined };
}
