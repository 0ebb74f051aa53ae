/** Records put in their places: by image, radius and attack, whatever order they came in. */
import { SeawallError } from "../base/index.js";
import { imageAt, imageCount, type RunDescription } from "./description.js";
import { type RunRecord, recordProblem, slotName, slotOf, slotsOf } from "./record.js";

/** The records of one image. */
export interface ImageRecords {
  /** Position in the data list. */
  readonly index: number;
  /** At least one, by slot; of a complete image, the record of slot i stands at i. */
  readonly records: readonly RunRecord[];
}

/**
 * Sorts records by image and slot; of several with the same key the first counts.
 * @returns the images that have a record, by their position in the data list
 * @throws SeawallError `journal` if a record does not fit the run or contradicts another of its image
 */
export function arrange(run: RunDescription, records: Iterable<RunRecord>): ImageRecords[] {
  const images = new Map<number, Map<number, RunRecord>>();
  for (const record of records) {
    const problem = recordProblem(run, record);
    if (problem) throw new SeawallError("journal", `record of image "${record.image}": ${problem}`);
    const slots = images.get(record.index) ?? new Map<number, RunRecord>();
    images.set(record.index, slots);
    const slot = slotOf(run, record)!;
    if (!slots.has(slot)) slots.set(slot, record);
  }
  const arranged = byNumber(images).map(([index, slots]) => ({
    index,
    records: byNumber(slots).map(([, record]) => record),
  }));
  for (const image of arranged) checkAgreement(image);
  checkNames(arranged);
  return arranged;
}

function byNumber<T>(entries: ReadonlyMap<number, T>): [number, T][] {
  return [...entries].sort(([a], [b]) => a - b);
}

/** The records in the order of a journal that one process wrote image by image. */
export function sortRecords(run: RunDescription, records: Iterable<RunRecord>): RunRecord[] {
  return arrange(run, records).flatMap((image) => image.records);
}

/** All records of an image must be of the same image with the same labels. */
function checkAgreement({ index, records }: ImageRecords): void {
  const first = records[0]!;
  for (const record of records) {
    const differs = difference(first, record);
    if (differs === undefined) continue;
    throw new SeawallError(
      "journal",
      `image ${index} ("${first.image}") has another ${differs} in the record of ${record.attack} at radius ` +
        `${record.eps} than in that of ${first.attack} at ${first.eps}; the data changed during the run, or ` +
        "the model, with --labels self its own reference, draws random numbers: start a new run",
    );
  }
}

function difference(a: RunRecord, b: RunRecord): string | undefined {
  if (a.image !== b.image) return "id";
  if (a.hash !== b.hash) return "hash";
  if (a.pixels !== b.pixels) return "number of pixels";
  return a.labels.every((n, s) => n === b.labels[s]) ? undefined : "count of labels";
}

function checkNames(images: readonly ImageRecords[]): void {
  const indices = new Map<string, number>();
  for (const { index, records } of images) {
    const { image } = records[0]!;
    const other = indices.get(image);
    if (other !== undefined) {
      throw new SeawallError("journal", `images ${other} and ${index} have the same id "${image}"`);
    }
    indices.set(image, index);
  }
}

/** What is not there yet. */
export interface Missing {
  /** Records that the run has when it is complete, and how many of them are missing. */
  readonly expected: number;
  readonly records: number;
  /** Images of the run (of its shard), and how many of them have a record missing. */
  readonly images: number;
  readonly incompleteImages: number;
  /** The first gap in words; undefined if there is none. */
  readonly first: string | undefined;
}

/** Counts what a run still lacks. */
export function missingOf(run: RunDescription, records: Iterable<RunRecord>): Missing {
  return gapsIn(run, arrange(run, records));
}

/** The same, of arranged records. */
export function gapsIn(run: RunDescription, arranged: readonly ImageRecords[]): Missing {
  const [images, slots] = [imageCount(run), slotsOf(run)];
  const present = arranged.map(({ records }) => records.length);
  const incompleteImages = images - present.filter((n) => n === slots).length;
  return {
    expected: images * slots,
    records: images * slots - present.reduce((sum, n) => sum + n, 0),
    images,
    incompleteImages,
    first: incompleteImages === 0 ? undefined : firstGap(run, arranged),
  };
}

function firstGap(run: RunDescription, arranged: readonly ImageRecords[]): string {
  for (const [n, { index, records }] of arranged.entries()) {
    if (index !== imageAt(n, run.shard)) return `image ${imageAt(n, run.shard)}`;
    const slot = records.findIndex((record, i) => slotOf(run, record) !== i);
    if (slot >= 0 || records.length < slotsOf(run)) {
      const { eps, attack } = slotName(run, slot >= 0 ? slot : records.length);
      return `image ${index}, ${attack} at radius ${eps}`;
    }
  }
  return `image ${imageAt(arranged.length, run.shard)}`;
}
