/** A run's records image by image, and which images are worth showing. */
import { memberNames, type RunDescription, type RunRecord, slotOf, slotsOf } from "../journal/index.js";

/** An image with all its records, by slot: clean, then radius by radius, attack by attack. */
export interface ImageOutcome {
  readonly index: number;
  readonly records: readonly RunRecord[];
}

/** The complete images of a run, in the order of the data. */
export function imagesOf(run: RunDescription, records: Iterable<RunRecord>): ImageOutcome[] {
  const images = new Map<number, RunRecord[]>();
  for (const record of records) {
    const slots = images.get(record.index) ?? [];
    images.set(record.index, slots);
    slots[slotOf(run, record)!] ??= record;
  }
  return [...images]
    .filter(([, slots]) => Object.keys(slots).length === slotsOf(run))
    .sort(([a], [b]) => a - b)
    .map(([index, slots]) => ({ index, records: slots }));
}

/** The attack at a radius that leaves an image the fewest right pixels, the first of equals. */
export function worstAt(run: RunDescription, { records }: ImageOutcome, eps: string): RunRecord {
  const attacked = memberNames(run.protocol).map((attack) => records[slotOf(run, { eps, attack })!]!);
  return attacked.reduce((worst, record) => (record.correct < worst.correct ? record : worst));
}

/** Images shown of each kind. */
const most = 4;

export const galleryGroups = ["worst", "median", "best"] as const;

/** Some images at a radius, each with the record of its worst attack. */
export type Gallery = Readonly<Record<(typeof galleryGroups)[number], readonly RunRecord[]>>;

/** The images whose worst accuracy at a radius is lowest, in the middle, and highest; none in two groups. */
export function galleryAt(run: RunDescription, images: readonly ImageOutcome[], eps: string): Gallery {
  const ranked = images
    .map((image) => worstAt(run, image, eps))
    .filter(({ accuracy }) => accuracy !== null)
    .sort((a, b) => a.accuracy! - b.accuracy! || a.index - b.index);
  const size = Math.min(most, Math.ceil(ranked.length / 3));
  const best = Math.max(size, ranked.length - size);
  const middle = Math.max(size, Math.floor((ranked.length - size) / 2));
  return {
    worst: ranked.slice(0, size),
    median: ranked.slice(middle, Math.min(best, middle + size)),
    best: ranked.slice(best),
  };
}
