/** The worst case as computed by the code published with arXiv 2306.12941. */
import { invariant, randomStream } from "../base/index.js";
import { sumCounts } from "./counts.js";
import { meanIoU, perClassIoU } from "./figures.js";
import { contestedImages, shuffle } from "./search.js";
import { type CountsTable, type PackedTable, packTable, type Standing, standing } from "./table.js";
import { accuracies, accuracyWorstChoice, pick, type WorstCase } from "./worst.js";

/** The version of the published code: of arXiv v1 (2023), or of v2 and ECCV (2024). */
export type AuthorsVersion = "2023" | "2024";

/** The worst-case figures of the published code. */
export type AuthorsWorstCase = Pick<WorstCase, "aAcc" | "aAccPooled" | "mIoU" | "perClassIoU" | "choice">;

/**
 * The worst case by the published code, for comparison with published numbers.
 *
 * 2023: the mIoU when each image takes its attack of lowest accuracy.
 * 2024: a greedy search that starts from the first attack. For each image it takes the last attack that lowers the mIoU,
 * not the best one; it never moves to an attack of lower index; it stops after a round that gains at most 1e-6. The
 * attacks must be in the published order (class-balanced-ce, mask-ce, js).
 *
 * Not reproduced, because counts do not contain it: in the published accuracy, the last batch is compared with
 * predictions for other images. Not reproduced either, because it does not change figures of full data sets: sums in
 * single precision, the random order of images, class lists that shift if a class is empty.
 */
export function authorsWorstCase(table: CountsTable, version: AuthorsVersion): AuthorsWorstCase {
  invariant(table.length > 0 && table[0]!.length > 0, "a worst case over no attack or no image");
  const byAccuracy = accuracyWorstChoice(table);
  const choice = version === "2023" ? byAccuracy : [...releasedSearch(packTable(table)).choice];
  const chosen = sumCounts(pick(table, choice));
  return {
    ...accuracies(pick(table, byAccuracy)),
    mIoU: meanIoU(chosen),
    perClassIoU: perClassIoU(chosen),
    choice,
  };
}

function releasedSearch(table: PackedTable): Standing {
  const state = standing(table, new Int32Array(table.images));
  const order = contestedImages(table);
  const stream = randomStream("released search", 225);
  let before = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 1000; round++) {
    shuffle(order, stream);
    for (const image of order) takeLastImproving(state, image, table.attacks);
    const after = state.mIoU();
    if (before - after <= 1e-6) break;
    before = after;
  }
  return state;
}

/**
 * Gives an image the last attack whose mIoU is at most that before this image. The published code adds 1e-8 to the
 * unions of candidates only, so that a candidate *equal* to the current state is lower: hence ≤. For the same reason a
 * move to a lower index never lasts, because the current attack, which is equal to itself, is compared after it.
 */
function takeLastImproving(state: Standing, image: number, attacks: number): void {
  const reference = state.mIoU();
  let last = state.choice[image]!;
  for (let attack = last + 1; attack < attacks; attack++) {
    state.move(image, attack);
    if (state.mIoU() <= reference) last = attack;
  }
  state.move(image, last);
}
