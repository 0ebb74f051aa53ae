/** Chains: attacks that go on from the best point which the attacks before them kept. */
import { type AttackMember, aimsAtSet, type Earlier, mayGoOnFrom } from "../attack/index.js";
import { SeawallError } from "../base/index.js";
import type { Sample } from "../data/index.js";
import type { RunRecord } from "../journal/index.js";
import { sumCounts, worstCase } from "../metric/index.js";
import type { AttackAtRadius, ImageWorker } from "./workers/image-worker.js";

/** Where kept points wait, at one radius, for the attacks that go on from them. */
export interface KeptPoints {
  keep(slot: AttackAtRadius, index: number, point: Float32Array): void;
  /** Undefined where it is not known any more. */
  find(slot: AttackAtRadius, index: number): Float32Array | undefined;
  /** Called when all attacks at a radius are done. */
  forget(): void;
}

export interface ChainOptions {
  /** The attacks of the run, in order. */
  readonly members: readonly AttackMember[];
  /** Seed of the search for the choice of attacks. */
  readonly seed: number;
  /** All records so far; those of other shards too. */
  records(): Promise<readonly RunRecord[]>;
  /** Number of images of the whole run, those of all shards. */
  readonly images: number;
  readonly points: KeptPoints;
}

/** What an attack on an image goes on from; undefined for an attack that starts by itself. */
export type EarlierOf = (sample: Sample, worker: ImageWorker) => Promise<Earlier | undefined>;

/** The attacks of a run, as far as they go on from one another. */
export class Chain {
  readonly #run: ChainOptions;
  /** By attack and radius: records are read, and the search is made, once for each. */
  readonly #prepared = new Map<string, Promise<EarlierOf>>();

  constructor(run: ChainOptions) {
    this.#run = run;
  }

  /**
   * Whether what an attack goes on from can be known: one that aims at the whole set needs the records of all images,
   * which in a shard may be missing.
   */
  async isReady({ attack, eps }: AttackAtRadius): Promise<boolean> {
    const own = this.#memberOf(attack);
    if (!own?.attack.continues) return true;
    const lastAtSet = [...this.#before(own), own].findLast((member) => aimsAtSet(member.attack));
    if (!lastAtSet) return true;
    const found = await this.#recordsBefore(lastAtSet, eps);
    return found.every((records) => records.size === this.#run.images);
  }

  /**
   * Prepares an attack at a radius. What it goes on from follows from the records of the attacks before it alone, so
   * that neither order nor workers nor resuming change it.
   * @throws SeawallError `journal` where a record is missing
   */
  earlierOf({ attack, eps }: AttackAtRadius): Promise<EarlierOf> {
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

  forget(): void {
    this.#run.points.forget();
  }

  #memberOf(name: string): AttackMember | undefined {
    return this.#run.members.find(({ attack }) => attack.name === name);
  }

  async #prepare({ attack, eps }: AttackAtRadius): Promise<EarlierOf> {
    const { seed, images } = this.#run;
    const own = this.#memberOf(attack);
    if (!own?.attack.continues) return async () => undefined;
    const before = await this.#recordsBefore(own, eps);
    const { of, set }: Choice = aimsAtSet(own.attack)
      ? chooseForSet(before, images, own.seed ?? seed)
      : { of: lowestOf(before) };
    return async (sample, worker) => {
      const best = await this.#pointOf(of(sample.index), sample, worker);
      return { best, ...(set && { set }) };
    };
  }

  /** The attacks before one that it may go on from; of its own seed alone, so that seeds are independent repeats. */
  #before(own: AttackMember): AttackMember[] {
    const { members } = this.#run;
    return members
      .slice(0, members.indexOf(own))
      .filter(({ attack, seed }) => seed === own.seed && mayGoOnFrom(own.attack, attack));
  }

  async #recordsBefore(own: AttackMember, eps: string): Promise<RecordsByImage[]> {
    const records = (await this.#run.records()).filter((record) => record.eps === eps);
    return this.#before(own).map(({ attack }) => byImage(records, attack.name));
  }

  /** The point of a record: as it was kept, or made again. */
  async #pointOf(record: RunRecord, sample: Sample, worker: ImageWorker): Promise<Float32Array> {
    const kept = this.#run.points.find(record, record.index);
    if (kept?.length === sample.image.data.length) return kept;
    const earlier = await (await this.earlierOf(record))(sample, worker);
    const again = await worker.attack(sample, record, earlier);
    if (again.record.correct === record.correct) return again.point.pixels;
    throw new SeawallError(
      "journal",
      `image "${record.image}", ${record.attack} at ${record.eps}: made again, ${again.record.correct} pixels are right, and ${record.correct} in the journal; this machine computes otherwise, so start a new run`,
    );
  }
}

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
