/** Local search for the choice of one attack per image with the smallest mIoU of the data set. */
import { type RandomStream, randomStream } from "../base/index.js";
import { type PackedTable, type Standing, standing } from "./table.js";

/** A limit for hostile tables. Searches take 5 to 10 rounds. */
const mostRounds = 1000;

/**
 * Searches from each start and returns the result of lowest mIoU, the first among equals. It is at most the mIoU of
 * every start. The order of images depends on the seed alone.
 */
export function searchLowestMIoU(
  table: PackedTable,
  starts: readonly ArrayLike<number>[],
  seed: number,
): Standing {
  const ends = starts.map((start, i) => descend(table, start, randomStream("worst-case mIoU", seed, i)));
  return ends.reduce((lowest, end) => (end.mIoU() < lowest.mIoU() ? end : lowest));
}

/** Gives image after image its attack of lowest mIoU, until no single change helps (arXiv 2306.12941, §3.6). */
function descend(table: PackedTable, start: ArrayLike<number>, stream: RandomStream): Standing {
  const state = standing(table, start);
  const order = contestedImages(table);
  let current = state.mIoU();
  for (let round = 0; round < mostRounds; round++) {
    const before = current;
    shuffle(order, stream);
    for (const image of order) current = settle(state, image, table.attacks, current);
    // The mIoU is a function of the choice and decreases with every change, so no choice occurs twice.
    if (current === before) break;
  }
  return state;
}

/** Gives the image its attack of lowest mIoU, the current one unless another is strictly lower. Returns the mIoU. */
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

/** The images whose counts depend on the attack. */
export function contestedImages(table: PackedTable): number[] {
  return table.contested.flatMap((classes, image) => (classes.length > 0 ? [image] : []));
}

/** The Fisher–Yates shuffle, in place. */
export function shuffle(order: number[], stream: RandomStream): void {
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(stream.next() * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
}
