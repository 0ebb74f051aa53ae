/** A run as the viewer shows it, finished or not: how far it is, and its figures so far. */
import {
  type AttackSoFar,
  cleanAttack,
  cleanEps,
  memberNames,
  missingOf,
  RunningFigures,
  summarize,
  type WorstFigures,
} from "../../journal/index.js";
import type { StoredRun } from "../../journal/index.node.js";
import { stepsOfAttacks } from "../members.js";

/** One attack, over the images that have met it. */
export interface AttackRow extends AttackSoFar {
  readonly attack: string;
}

export interface RadiusOverview {
  readonly eps: string;
  readonly attacks: readonly AttackRow[];
  /** Over the attacks that all images have met; undefined while there is none. */
  readonly worst:
    | { readonly attacks: number; readonly aAcc: number | null; readonly mIoU: number | null }
    | undefined;
  /** The bound that no choice goes below; undefined before the end. */
  readonly mIoULower: number | undefined;
}

export interface RunOverview {
  readonly complete: boolean;
  readonly model: string;
  readonly classes: number;
  readonly data: string;
  /** Images of the run, or of its shard. */
  readonly images: number;
  /** The reference is the clean prediction, so figures are consistency. */
  readonly self: boolean;
  readonly attacks: string;
  /** In words: `300 steps`, or `100 to 300 steps` where attacks differ. */
  readonly steps: string;
  readonly accounting: string;
  readonly shard: string | undefined;
  /** Records that are there, of those there will be. */
  readonly done: number;
  readonly expected: number;
  readonly seconds: number;
  readonly clean: AttackRow;
  readonly radii: readonly RadiusOverview[];
}

/**
 * What is known of a run.
 * @throws SeawallError `journal` if records contradict each other; `data` if a finished run has no labelled pixel
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
    steps: stepsOfAttacks(protocol),
    accounting: protocol.accounting,
    shard: shard && `${shard.index + 1}/${shard.count}`,
    done: expected - missing,
    expected,
    seconds: run.records.reduce((sum, record) => sum + record.seconds, 0),
    clean: row(cleanAttack, cleanEps),
    radii: protocol.eps.map((eps) => {
      const attacks = memberNames(protocol).map((attack) => row(attack, eps));
      return { eps, attacks, ...(worst?.get(eps) ?? worstSoFar(figures, attacks, eps, images)) };
    }),
  };
}

type Worst = Pick<RadiusOverview, "worst" | "mIoULower">;

/** By the run's own accounting, as its result has it. */
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
