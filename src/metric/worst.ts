/** The worst case over an ensemble: what an attacker gets who may pick an attack for each image. */
import { lowestMIoUBound } from "./bound.js";
import { type Counts, sumCounts } from "./counts.js";
import { imageAccuracy, mean, meanIoU, perClassIoU, pixelAccuracy } from "./figures.js";
import { searchLowestMIoU } from "./search.js";
import { type CountsTable, packTable } from "./table.js";

/** Worst-case figures; null only where no image has a labelled pixel. */
export interface WorstCase {
  /** Mean over images of the lowest accuracy any attack reached; exact. */
  readonly aAcc: number | null;
  /** The same choice, pooled over pixels; exact too, since an image has as many labels under every attack. */
  readonly aAccPooled: number | null;
  /** Smallest mIoU that the search found: an upper bound on the smallest there is. */
  readonly mIoU: number | null;
  /** No choice of attacks per image has an mIoU below this; equal to `mIoU` when that is exact. */
  readonly mIoULower: number | null;
  /** IoU of each class under `choice`; null where its union is empty. */
  readonly perClassIoU: readonly (number | null)[];
  /** Mean over images of the lowest mIoU of that image alone; exact. */
  readonly imageMIoU: number | null;
  /** Index of the attack that `mIoU` takes for each image. */
  readonly choice: readonly number[];
}

/**
 * Worst-case figures over `table[attack][image]`; the attacks' order only breaks ties.
 * mIoU counts the classes whose union is not empty under the choice at hand. The search starts from every
 * single attack and from each image's accuracy-worst one, so `mIoU` is at most every attack's own.
 * @param options.seed orders the search's visits; equal tables and seeds give equal results
 */
export function worstCase(table: CountsTable, options: { seed?: number } = {}): WorstCase {
  const packed = packTable(table);
  const byAccuracy = accuracyWorstChoice(table);
  const singles = table.map((_, attack) => new Array<number>(packed.images).fill(attack));
  const choice = [...searchLowestMIoU(packed, [...singles, byAccuracy], options.seed ?? 0).choice];
  const found = sumCounts(pick(table, choice));
  const mIoU = meanIoU(found);
  const bound = lowestMIoUBound(packed);

  return {
    ...accuracies(pick(table, byAccuracy)),
    mIoU,
    // Rounding alone could lift the bound above an attained value, and only for sets beyond 2⁵³.
    mIoULower: mIoU === null || bound === null ? null : Math.min(bound, mIoU),
    perClassIoU: perClassIoU(found),
    imageMIoU: lowestImageMIoU(table),
    choice,
  };
}

/** For each image the attack of lowest accuracy, the first of equals. */
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

/** Accuracy as the mean over images and pooled over pixels. */
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
