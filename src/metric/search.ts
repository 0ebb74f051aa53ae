/** Local search for the choice of attacks per image that makes the data set's mIoU smallest. */
import { type RandomStream, randomStream } from "../base/index.js";
import { type PackedTable, type Standing, standing } from "./table.js";

/** Far above the 5 to 10 rounds a search takes; it only stops tables made to keep it busy. */
const mostRounds = 1000;

/**
 * Descends from each start and keeps the lowest end point (the first of equals), so the result is at most
 * the mIoU of every start. The order in which images are visited derives from the seed alone.
 */
export function searchLowestMIoU(
  table: PackedTable,
  starts: readonly ArrayLike<number>[],
  seed: number,
): Standing {
  const ends = starts.map((start, i) => descend(table, start, randomStream("worst-case mIoU", seed, i)));
  return ends.reduce((lowest, end) => (end.mIoU() < lowest.mIoU() ? end : lowest));
}

/** Moves image by image to the attack of lowest mIoU until no single move helps (arXiv 2306.12941, §3.6). */
function descend(table: PackedTable, start: ArrayLike<number>, stream: RandomStream): Standing {
  const state = standing(table, start);
  const order = contestedImages(table);
  let current = state.mIoU();
  for (let round = 0; round < mostRounds; round++) {
    const before = current;
    shuffle(order, stream);
    for (const image of order) current = settle(state, image, table.attacks, current);
    // Every move lowers a function of the choice alone, so no choice comes back and the search ends.
    if (current === before) break;
  }
  return state;
}

/** Gives the image its best attack, the present one unless another is strictly better; returns the mIoU. */
function settle(state: Standing, image: number, attacks: number, current: number): number {
  const present = state.choice[image]!;
  let [best, lowest] = [present, current];
  for (let attack = 0; attack < attacks; attack++) {
    if (attack === present) continue;
    state.move(image, attack);
    const mIoU = state.mIoU();
    if (mIoU < lowest) [best, lowest] = [attack, mIoU];
  }
  state.move(image, best);
  return lowest;
}

/** The images for which the attack makes a difference. */
export function contestedImages(table: PackedTable): number[] {
  return table.contested.flatMap((classes, image) => (classes.length > 0 ? [image] : []));
}

/** Fisher and Yates's shuffle, in place. */
export function shuffle(order: number[], stream: RandomStream): void {
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(stream.next() * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
}
