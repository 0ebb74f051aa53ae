/** Chains: attacks that go on from the best point which the attacks before them kept. */
import type { AttackMember, Earlier } from "../attack/index.js";
import { SeawallError } from "../base/index.js";
import type { Sample } from "../data/index.js";
import type { RunRecord } from "../journal/index.js";
import { sumCounts, worstCase } from "../metric/index.js";
import type { AttackAtRadius, ImageWorker } from "./workers/image-worker.js";

/** Where kept points wait for the attacks that go on from them. */
export interface KeptPoints {
  keep(slot: AttackAtRadius, index: number, point: Float32Array): void;
  /** Undefined where it is not known any more. */
  find(slot: AttackAtRadius, index: number): Float32Array | undefined;
}

export interface ChainOptions {
  /** The attacks of the run, in order. */
  readonly members: readonly AttackMember[];
  /** Seed of the search for the choice of attacks. */
  readonly seed: number;
  /** All records so far; those of other images too. */
  records(): Promise<readonly RunRecord[]>;
  readonly points: KeptPoints;
}

/** What an attack on an image goes on from; undefined for an attack that starts by itself. */
export type EarlierOf = (sample: Sample, worker: ImageWorker) => Promise<Earlier | undefined>;

/**
 * Prepares an attack at a radius. What it goes on from follows from the records of the attacks before it alone, so that
 * neither order nor workers nor resuming change it.
 * @throws SeawallError `journal` where a record is missing
 */
export async function earlierOf(run: ChainOptions, { attack, eps }: AttackAtRadius): Promise<EarlierOf> {
  const at = run.members.findIndex((member) => member.attack.name === attack);
  const own = run.members[at]?.attack;
  if (!own?.continues) return async () => undefined;
  const records = (await run.records()).filter((record) => record.eps === eps);
  const before = run.members.slice(0, at).map((member) => bySample(records, member.attack.name));
  const needsSet = own.losses.some((loss) => loss.needsSetValues);
  const choice = needsSet ? chooseForSet(before, run.seed) : { of: lowestOf(before) };
  return async (sample, worker) => {
    const chosen = choice.of(sample.index);
    const best = await pointOf(run, chosen, sample, worker);
    return { best, ...("set" in choice && { set: choice.set }) };
  };
}

type RecordsByImage = ReadonlyMap<number, RunRecord>;

function bySample(records: readonly RunRecord[], attack: string): RecordsByImage {
  return new Map(
    records.filter((record) => record.attack === attack).map((record) => [record.index, record]),
  );
}

/** The record of each image with the fewest right pixels, the first of equals. */
function lowestOf(before: readonly RecordsByImage[]) {
  return (index: number): RunRecord => {
    const own = before.map((records) => recordOf(records, index));
    return own.reduce((lowest, record) => (record.correct < lowest.correct ? record : lowest));
  };
}

/** The records that together have the lowest mIoU that the search finds, and their counts. */
function chooseForSet(before: readonly RecordsByImage[], seed: number) {
  const indices = [...before[0]!.keys()].sort((a, b) => a - b);
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

/** The point of a record: as it was kept, or made again. */
async function pointOf(
  run: ChainOptions,
  record: RunRecord,
  sample: Sample,
  worker: ImageWorker,
): Promise<Float32Array> {
  const kept = run.points.find(record, record.index);
  if (kept?.length === sample.image.data.length) return kept;
  const earlier = await (await earlierOf(run, record))(sample, worker);
  const again = await worker.attack(sample, record, earlier);
  if (again.record.correct === record.correct) return again.point.pixels;
  throw new SeawallError(
    "journal",
    `image "${record.image}", ${record.attack} at ${record.eps}: made again, ${again.record.correct} pixels are right, and ${record.correct} in the journal; this machine computes otherwise, so start a new run`,
  );
}
