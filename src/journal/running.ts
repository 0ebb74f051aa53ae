/** Figures while a run is going, kept up record by record so that nothing is read again. */
import { type Counts, imageAccuracy, meanIoU, sumCounts, worstCase } from "../metric/index.js";
import { memberNames, type RunDescription } from "./description.js";
import type { RunRecord } from "./record.js";

/** null where no pixel is labelled, or nothing is there yet. */
export interface RunningFigure {
  /** Mean over the images. */
  readonly aAcc: number | null;
  readonly mIoU: number | null;
}

/** What is known of one attack at one radius. */
export interface AttackSoFar extends RunningFigure {
  /** Images that have met it. */
  readonly images: number;
  readonly seconds: number;
}

export interface AttackFigures extends RunningFigure {
  readonly attack: string;
  readonly eps: string;
  /** The worst case of the attacks at this radius up to this one. */
  readonly worst: RunningFigure;
  readonly seconds: number;
}

/** The figures of the records that have been added. */
export class RunningFigures {
  readonly #protocol: RunDescription["protocol"];
  /** Per slot the records, unsorted. */
  readonly #slots = new Map<string, RunRecord[]>();

  constructor({ protocol }: Pick<RunDescription, "protocol">, records: Iterable<RunRecord> = []) {
    this.#protocol = protocol;
    for (const record of records) this.add(record);
  }

  /** Adds a record; there is one for each image, attack and radius. */
  add(record: RunRecord): void {
    const key = slotKey(record.attack, record.eps);
    const slot = this.#slots.get(key) ?? [];
    slot.push(record);
    this.#slots.set(key, slot);
  }

  /** All that were added, slot by slot. */
  records(): RunRecord[] {
    return [...this.#slots.values()].flat();
  }

  /** One attack, over the images that have met it. */
  soFar(attack: string, eps: string): AttackSoFar {
    const own = this.#recordsOf(attack, eps);
    return {
      images: own.length,
      aAcc: imageAccuracy(own),
      mIoU: own.length > 0 ? meanIoU(sumCounts(own)) : null,
      seconds: own.reduce((sum, record) => sum + record.seconds, 0),
    };
  }

  /** The worst case over attacks that the same images, at least one, have met. */
  worst(attacks: readonly string[], eps: string): RunningFigure {
    const table: (readonly Counts[])[] = attacks.map((attack) => this.#recordsOf(attack, eps));
    const { aAcc, mIoU } = worstCase(table, { seed: this.#protocol.seed });
    return { aAcc, mIoU };
  }

  /** Figures of an attack that all images have met, as those before it. */
  figures(attack: string, eps: string): AttackFigures {
    const members = memberNames(this.#protocol);
    const { aAcc, mIoU, seconds } = this.soFar(attack, eps);
    const worst = this.worst(members.slice(0, members.indexOf(attack) + 1), eps);
    return { attack, eps, aAcc, mIoU, worst, seconds };
  }

  #recordsOf(attack: string, eps: string): RunRecord[] {
    return [...(this.#slots.get(slotKey(attack, eps)) ?? [])].sort((a, b) => a.index - b.index);
  }
}

function slotKey(attack: string, eps: string): string {
  return JSON.stringify([attack, eps]);
}
