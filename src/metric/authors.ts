/** The worst case as the code published with arXiv 2306.12941 accounts for it. */
import { invariant, randomStream } from "../base/index.js";
import { sumCounts } from "./counts.js";
import { meanIoU, perClassIoU } from "./figures.js";
import { contestedImages, shuffle } from "./search.js";
import { type CountsTable, type PackedTable, packTable, type Standing, standing } from "./table.js";
import { accuracies, accuracyWorstChoice, pick, type WorstCase } from "./worst.js";

/** Which published code: of arXiv v1 (2023) or of v2 and ECCV (2024). */
export type AuthorsVersion = "2023" | "2024";

/** The worst-case figures that the published accounting has. */
export type AuthorsWorstCase = Pick<WorstCase, "aAcc" | "aAccPooled" | "mIoU" | "perClassIoU" | "choice">;

/**
 * Worst case by the published accounting, to set beside published numbers.
 *
 * 2023: the mIoU of each image's accuracy-worst attack. 2024: the released greedy search, which starts from the
 * first attack, gives an image the last attack that improves instead of the best, never moves to an attack of
 * lower index and stops at a round that gains at most 1e-6; the attacks must be in the released order
 * (class-balanced-ce, mask-ce, js).
 *
 * Not reproduced, since counts do not tell: the accuracy that compares the last batch with predictions of
 * other images. Nor what leaves figures of full data sets as they are: single-precision sums, the order of
 * random visits, class lists that shift when a class is empty.
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
 * All attacks are compared with the mIoU before this image, and the last one that is lower wins. The released
 * code adds 1e-8 to the candidates' unions only, which makes a candidate *equal* to the present state come
 * out lower: hence ≤, and hence no move below the present index survives.
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
