/** The worst case over the attacks that were run: an attacker chooses one of them for each image. */
import { lowestMIoUBound } from "./bound.js";
import { type Counts, sumCounts } from "./counts.js";
import { imageAccuracy, mean, meanIoU, perClassIoU, pixelAccuracy } from "./figures.js";
import { searchLowestMIoU } from "./search.js";
import { type CountsTable, type PackedTable, packTable } from "./table.js";

/** Worst-case figures over the attacks that were run; null only if no image has a labelled pixel. */
export interface WorstCase {
  /** Mean over images of the lowest accuracy of any attack. Exact. */
  readonly aAcc: number | null;
  /** Accuracy of the same choice, pooled over pixels. Exact, because an image has the same labels under every attack. */
  readonly aAccPooled: number | null;
  /** The smallest mIoU that the search found: an upper bound on the smallest over all choices. */
  readonly mIoU: number | null;
  /**
   * A lower bound on the mIoU over all choices of one of the attacks per image. If it equals `mIoU`, that is exact.
   * Another attack can go below it.
   */
  readonly mIoULower: number | null;
  /** IoU of each class under `choice`; null if its union is empty. */
  readonly perClassIoU: readonly (number | null)[];
  /** Mean over images of the image's own lowest mIoU. Exact. */
  readonly imageMIoU: number | null;
  /** The choice of `mIoU`: the index of an attack for each image. */
  readonly choice: readonly number[];
}

/**
 * Worst-case figures over `table[attack][image]`. The order of attacks matters only for ties.
 * mIoU counts the classes whose union is not empty under the choice. The search starts from each attack for all images,
 * and from each image's attack of lowest accuracy, so that `mIoU` is at most that of every single attack.
 * @param options.seed decides the order in which the search visits images; equal tables and seeds give equal results
 */
export function worstCase(table: CountsTable, options: { seed?: number } = {}): WorstCase {
  const packed = packTable(table);
  const byAccuracy = accuracyWorstChoice(table);
  const choice = [...lowestChoice(packed, byAccuracy, options.seed)];
  const found = sumCounts(pick(table, choice));
  const mIoU = meanIoU(found);
  const bound = lowestMIoUBound(packed);

  return {
    ...accuracies(pick(table, byAccuracy)),
    mIoU,
    // Only rounding, for sets with counts beyond 2⁵³, could make the bound larger than mIoU.
    mIoULower: mIoU === null || bound === null ? null : Math.min(bound, mIoU),
    perClassIoU: perClassIoU(found),
    imageMIoU: lowestImageMIoU(table),
    choice,
  };
}

/** The choice of lowest mIoU that the search finds from each attack for all images, and from each image's lowest accuracy. */
export function lowestChoice(packed: PackedTable, byAccuracy: readonly number[], seed = 0): Int32Array {
  const singles = Array.from({ length: packed.attacks }, (_, attack) =>
    new Int32Array(packed.images).fill(attack),
  );
  return searchLowestMIoU(packed, [...singles, byAccuracy], seed).choice;
}

/** For each image the index of the attack of lowest accuracy, the first among equals. */
export function accuracyWorstChoice(table: CountsTable): number[] {
  return table[0]!.map((_, image) => {
    const correct = table.map((images) => images[image]!.correct);
    return correct.indexOf(Math.min(...correct));
  });
}

/** The counts of a choice, image by image. */
export function pick(table: CountsTable, choice: ArrayLike<number>): Counts[] {
  return table[0]!.map((_, image) => table[choice[image]!]![image]!);
}

/** Accuracy as the mean over images, and pooled over pixels. */
export function accuracies(images: readonly Counts[]): { aAcc: number | null; aAccPooled: number | null } {
  return { aAcc: imageAccuracy(images), aAccPooled: pixelAccuracy(sumCounts(images)) };
}

function lowestImageMIoU(table: CountsTable): number | null {
  return mean(
    table[0]!.map((_, image) => {
      const figures = table.map((images) => meanIoU(images[image]!)).filter((mIoU) => mIoU !== null);
      return figures.length > 0 ? Math.min(...figures) : null;
    }),
  );
}
