/** A run's records by image, and the choice of images for the gallery. */
import {
  bySeed,
  memberNames,
  type RunDescription,
  type RunRecord,
  slotOf,
  slotsOf,
} from "../journal/index.js";

/** An image with all its records: clean, then for each radius all attacks. The index in the list is the slot. */
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

/** The record of the attack at a radius that leaves the fewest correct pixels, the first among equals. */
export function worstAt(run: RunDescription, { records }: ImageOutcome, eps: string): RunRecord {
  const attacked = memberNames(run.protocol).map((attack) => records[slotOf(run, { eps, attack })!]!);
  return fewestCorrect(attacked);
}

/** The lowest accuracy of the image at a radius, one for each seed; null where no pixel is labelled. */
export function accuracyBySeed(
  run: RunDescription,
  { records }: ImageOutcome,
  eps: string,
): (number | null)[] {
  return bySeed(run.protocol, memberNames(run.protocol)).map(({ attacks }) => {
    const own = attacks.map((attack) => records[slotOf(run, { eps, attack })!]!);
    return fewestCorrect(own).accuracy;
  });
}

function fewestCorrect(records: readonly RunRecord[]): RunRecord {
  return records.reduce((worst, record) => (record.correct < worst.correct ? record : worst));
}

/** The most images in each group of the gallery. */
const most = 4;

export const galleryGroups = ["worst", "median", "best"] as const;

/** The images of each group at a radius, as the records of their worst attacks. */
export type Gallery = Readonly<Record<(typeof galleryGroups)[number], readonly RunRecord[]>>;

/** The images whose accuracy under their worst attack is lowest, median and highest. No image is in two groups. */
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
