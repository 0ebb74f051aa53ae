/** Chains: attacks that go on from the best point which the attacks before them kept. */
import { type AttackMember, aimsAtSet, type Earlier, mayGoOnFrom } from "../attack/index.js";
import { invariant, SeawallError } from "../base/index.js";
import type { Sample } from "../data/index.js";
import type { Evidence, RunRecord } from "../journal/index.js";
import { sumCounts, worstCase } from "../metric/index.js";
import { isLast, stepsAfter } from "./rounds.js";
import type { AttackAtRadius, ImageWorker, Onward } from "./workers/image-worker.js";

/** Where kept points wait, at one radius, for the attacks that go on from them. */
export interface KeptPoints {
  keep(slot: AttackAtRadius, index: number, point: Float32Array): void;
  /** Undefined where it is not known any more. */
  find(slot: AttackAtRadius, index: number): Float32Array | undefined;
  /** Called when all attacks at a radius are done: its points are not needed any more. */
  forget(eps: string): void;
}

export interface ChainOptions {
  /** The attacks of the run, in order. */
  readonly members: readonly AttackMember[];
  /** Seed of the search for the choice of attacks. */
  readonly seed: number;
  /** A round that gains less, as a share, is the last; undefined for a run without rounds. */
  readonly leastGain?: number | undefined;
  /** All records so far; those of other shards too. */
  records(): readonly RunRecord[];
  /** Number of images of the whole run, those of all shards. */
  readonly images: number;
  readonly points: KeptPoints;
}

/** What an attack on an image goes on from; undefined for an attack that starts by itself. */
export type OnwardOf = (sample: Sample, worker: ImageWorker) => Promise<Onward | Idle | undefined>;

/** An attack of a round takes no step on an image: its record repeats the best one. */
export interface Idle {
  readonly repeated: RunRecord;
}

/** The attacks of a run, as far as they go on from one another. */
export class Chain {
  readonly #run: ChainOptions;
  /** By attack and radius: records are read, and the search is made, once for each. */
  readonly #prepared = new Map<string, Promise<OnwardOf>>();
  /** By round and radius: the steps of every image. */
  readonly #steps = new Map<string, readonly number[]>();

  constructor(run: ChainOptions) {
    this.#run = run;
  }

  /**
   * Whether what an attack goes on from can be known: one that aims at the whole set, and the steps of a round, need the
   * records of all images, which in a shard may be missing.
   */
  isReady({ attack, eps }: AttackAtRadius): boolean {
    const own = this.#memberOf(attack);
    if (!own?.attack.continues) return true;
    const steps = this.#stepsOf(own, eps);
    if (!steps || !takesAny(steps)) return steps !== undefined;
    const lastAtSet = [...this.#before(own), own].findLast((member) => aimsAtSet(member.attack));
    return lastAtSet === undefined || this.#isComplete(this.#recordsBefore(lastAtSet, eps));
  }

  /** False for the attack of a round that is not needed any more. */
  takesSteps({ attack, eps }: AttackAtRadius): boolean {
    const own = this.#memberOf(attack);
    const steps = own && this.#stepsOf(own, eps);
    return !steps || takesAny(steps);
  }

  /**
   * Prepares an attack at a radius. What it goes on from follows from the records of the attacks before it alone, so
   * that neither order nor workers nor resuming change it.
   * @throws SeawallError `journal` where a record is missing
   */
  onwardOf({ attack, eps }: AttackAtRadius): Promise<OnwardOf> {
    const key = JSON.stringify([attack, eps]);
    const prepared = this.#prepared.get(key) ?? this.#prepare({ attack, eps });
    this.#prepared.set(key, prepared);
    return prepared;
  }

  /** Keeps a counted point if a later attack may go on from it. */
  keep(record: Pick<RunRecord, "attack" | "eps" | "index">, point: Float32Array): void {
    const { members } = this.#run;
    const own = this.#memberOf(record.attack);
    const isRead =
      own && members.some((later) => later.attack.continues && this.#before(later).includes(own));
    if (isRead) this.#run.points.keep(record, record.index, point);
  }

  forget(eps: string): void {
    this.#run.points.forget(eps);
  }

  #memberOf(name: string): AttackMember | undefined {
    return this.#run.members.find(({ attack }) => attack.name === name);
  }

  async #prepare({ attack, eps }: AttackAtRadius): Promise<OnwardOf> {
    const { seed, images } = this.#run;
    const own = this.#memberOf(attack);
    if (!own?.attack.continues) return async () => undefined;
    const before = this.#recordsBefore(own, eps);
    const steps = this.#stepsOf(own, eps);
    invariant(steps, `${attack} at ${eps} begins before the round before it has ended`);
    const lowest = lowestOf(before);
    const { of, set }: Choice =
      aimsAtSet(own.attack) && takesAny(steps)
        ? chooseForSet(before, images, own.seed ?? seed)
        : { of: lowest };
    return async (sample, worker) => {
      if (steps[sample.index] === 0) return { repeated: lowest(sample.index) };
      const best = await this.#pointOf(of(sample.index), sample, worker);
      return {
        earlier: { best, ...(set && { set }) },
        ...(own.round !== undefined && { steps: steps[sample.index]! }),
      };
    };
  }

  /** Steps of an attack on every image; undefined where they follow from records that are missing. */
  #stepsOf({ steps, round, seed }: AttackMember, eps: string): readonly number[] | undefined {
    const { members, images, leastGain = 0 } = this.#run;
    const equal = new Array<number>(images).fill(steps);
    if (round === undefined || round === 1) return equal;
    const key = JSON.stringify([round, seed, eps]);
    const known = this.#steps.get(key);
    if (known) return known;

    const own = members.filter((member) => member.seed === seed);
    const previous = this.#stepsOf(own.find((member) => member.round === round - 1)!, eps);
    if (!previous) return undefined;
    if (!takesAny(previous)) return previous;
    const records = this.#recordsOf(
      own.filter((member) => (member.round ?? 0) < round),
      eps,
    );
    if (!this.#isComplete(records)) return undefined;
    const table = records.map((images) => equal.map((_, index) => recordOf(images, index)));
    const rounds = own.slice(0, table.length).map((member) => member.round);
    const before = table.filter((_, i) => rounds[i] !== round - 1);
    const last = table.filter((_, i) => rounds[i] === round - 1);
    const found = isLast(before, last, leastGain, seed ?? this.#run.seed)
      ? equal.map(() => 0)
      : stepsAfter(before, last, previous, steps, leastGain);
    this.#steps.set(key, found);
    return found;
  }

  #isComplete(found: readonly RecordsByImage[]): boolean {
    return found.every((records) => records.size === this.#run.images);
  }

  /** The attacks before one that it may go on from; of its own seed alone, so that seeds are independent repeats. */
  #before(own: AttackMember): AttackMember[] {
    const { members } = this.#run;
    return members
      .slice(0, members.indexOf(own))
      .filter(({ attack, seed }) => seed === own.seed && mayGoOnFrom(own.attack, attack));
  }

  #recordsBefore(own: AttackMember, eps: string): RecordsByImage[] {
    return this.#recordsOf(this.#before(own), eps);
  }

  #recordsOf(members: readonly AttackMember[], eps: string): RecordsByImage[] {
    const records = this.#run.records().filter((record) => record.eps === eps);
    return members.map(({ attack }) => byImage(records, attack.name));
  }

  /** The point of a record: as it was kept, or made again. */
  async #pointOf(record: RunRecord, sample: Sample, worker: ImageWorker): Promise<Float32Array> {
    const kept = this.#run.points.find(record, record.index);
    if (kept?.length === sample.image.data.length) return kept;
    const onward = await (await this.onwardOf(record))(sample, worker);
    if (isIdle(onward)) return this.#pointOf(onward.repeated, sample, worker);
    const again = await worker.attack(sample, record, onward);
    if (again.record.correct === record.correct) return again.point.pixels;
    throw new SeawallError(
      "journal",
      `image "${record.image}", ${record.attack} at ${record.eps}: made again, ${again.record.correct} pixels are right, and ${record.correct} in the journal; this machine computes otherwise, so start a new run`,
    );
  }
}

export function isIdle(onward: Onward | Idle | undefined): onward is Idle {
  return onward !== undefined && "repeated" in onward;
}

/** The record of an attack that takes no step: that of the best point so far, found at no cost. */
export function idleRecord({ repeated }: Idle, attack: string): RunRecord {
  const { evidence, ...counts } = repeated;
  return {
    ...counts,
    ...{ attack, forward: 0, backward: 0, seconds: 0, step: 0, steps: 0 },
    ...(evidence && { evidence: { ...withoutGradients(evidence), late: 0 } }),
  };
}

function withoutGradients({ zeroGradient: _, notFinite: __, ...evidence }: Evidence): Evidence {
  return evidence;
}

const takesAny = (steps: readonly number[]) => steps.some((count) => count > 0);

/** What an attack goes on from: a record of each image, and the counts of all where the attack aims at the set. */
interface Choice {
  readonly of: (index: number) => RunRecord;
  readonly set?: Earlier["set"];
}

type RecordsByImage = ReadonlyMap<number, RunRecord>;

function byImage(records: readonly RunRecord[], attack: string): RecordsByImage {
  return new Map(
    records.filter((record) => record.attack === attack).map((record) => [record.index, record]),
  );
}

/** The record of each image with the fewest right pixels, the first of equals. */
function lowestOf(before: readonly RecordsByImage[]): Choice["of"] {
  return (index: number): RunRecord => {
    const own = before.map((records) => recordOf(records, index));
    return own.reduce((lowest, record) => (record.correct < lowest.correct ? record : lowest));
  };
}

/** The records that together have the lowest mIoU that the search finds, and their counts. */
function chooseForSet(before: readonly RecordsByImage[], images: number, seed: number): Choice {
  const indices = Array.from({ length: images }, (_, index) => index);
  const table = before.map((records) => indices.map((index) => recordOf(records, index)));
  const { choice } = worstCase(table, { seed });
  const chosen = new Map(indices.map((index, i) => [index, table[choice[i]!]![i]!]));
  return { of: (index: number) => recordOf(chosen, index), set: sumCounts([...chosen.values()]) };
}

function recordOf(records: RecordsByImage, index: number): RunRecord {
  const record = records.get(index);
  if (record) return record;
  throw new SeawallError(
    "journal",
    `image ${index} has no record of an attack that a later one goes on from; resume the run`,
  );
}
