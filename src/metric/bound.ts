/** A bound on the data set's mIoU that no choice of attacks per image can go below. */
import { mean } from "./figures.js";
import type { PackedTable } from "./table.js";

/** Above the rounding of sums over 10⁵ images and 10³ classes; far below any digit that is printed. */
const roundingSlack = 1e-9;

/**
 * Lower bound on the mIoU of every choice; null if no class ever counts.
 *
 * Which classes count: a choice's mIoU counts those whose union is not empty *under that choice*. The bound
 * counts those whose union is not empty under *some* choice, with 0 for one that a choice can make absent (it
 * carries no label, so its IoU is 0 wherever it is present). Every choice thus has at most as many classes and
 * at least these values.
 *
 * First bound: the mean of λ_s, the smallest IoU each class could have if the choice served it alone. Second,
 * never lower: since I_s ≥ λ_s·U_s under every choice and no union exceeds V_s, the sum of the largest unions,
 * I_s/U_s = λ_s + (I_s − λ_s·U_s)/U_s ≥ λ_s + (I_s − λ_s·U_s)/V_s, whose sum over classes is smallest when each
 * image takes its own smallest term. That charges an image for serving one class at the expense of another.
 */
export function lowestMIoUBound(table: PackedTable): number | null {
  const lowest = Array.from({ length: table.classes }, (_, s) => lowestIoU(table, s));
  const alone = mean(lowest);
  if (alone === null) return null;
  const counted = lowest.filter((iou) => iou !== null).length;
  return alone + Math.max(0, sharedExcess(table, lowest) / counted - roundingSlack);
}

/** Smallest IoU of class s over all choices; 0 if one can make it absent, null if all do. */
function lowestIoU(table: PackedTable, s: number): number | null {
  const [least, most] = [unionOver(Math.min, table, s), unionOver(Math.max, table, s)];
  if (most === 0) return null;
  return least === 0 ? 0 : dinkelbach(table, s);
}

/** Union of class s when every image takes the attack with the least or the largest one. */
function unionOver(extreme: (a: number, b: number) => number, table: PackedTable, s: number): number {
  let sum = 0;
  for (let at = s; at < table.images * table.classes; at += table.classes) {
    let union = table.union[0]![at]!;
    for (let attack = 1; attack < table.attacks; attack++) union = extreme(union, table.union[attack]![at]!);
    sum += union;
  }
  return sum;
}

/**
 * Smallest ΣI/ΣU over all choices, for a class that no choice makes absent. Dinkelbach's iteration: pick per
 * image the attack of smallest I − λU, set λ to the ratio of that choice, until it no longer falls.
 * λ stays a fraction of integers, so comparisons are exact while (pixels of the set) · (pixels of an image)
 * is below 2⁵³, and good to the last digits of a double beyond.
 */
function dinkelbach(table: PackedTable, s: number): number {
  let [hits, union] = [0, 1]; // λ = 0: the first choice is that of the fewest hits
  for (let last = Number.POSITIVE_INFINITY; ; last = hits / union) {
    const [nextHits, nextUnion] = sumsOfLeast(table, s, hits, union);
    if (!(nextHits / nextUnion < last)) return last;
    [hits, union] = [nextHits, nextUnion];
  }
}

/** [ΣI, ΣU] of class s when each image takes the attack of smallest I·union − hits·U (the first of equals). */
function sumsOfLeast(table: PackedTable, s: number, hits: number, union: number): [number, number] {
  let [hitSum, unionSum] = [0, 0];
  for (let at = s; at < table.images * table.classes; at += table.classes) {
    let [best, lowest] = [0, Number.POSITIVE_INFINITY];
    for (let attack = 0; attack < table.attacks; attack++) {
      const excess = table.intersection[attack]![at]! * union - hits * table.union[attack]![at]!;
      if (excess < lowest) [best, lowest] = [attack, excess];
    }
    hitSum += table.intersection[best]![at]!;
    unionSum += table.union[best]![at]!;
  }
  return [hitSum, unionSum];
}

/** Smallest Σ_s (I_s − λ_s·U_s)/V_s over all choices: what no choice can avoid on top of every λ_s. */
function sharedExcess(table: PackedTable, lowest: readonly (number | null)[]): number {
  const weight = lowest.map((iou, s) => (iou === null ? 0 : 1 / unionOver(Math.max, table, s)));
  const excess = (attack: number, image: number) => {
    let sum = 0;
    for (let s = 0; s < table.classes; s++) {
      const at = image * table.classes + s;
      sum += (table.intersection[attack]![at]! - (lowest[s] ?? 0) * table.union[attack]![at]!) * weight[s]!;
    }
    return sum;
  };
  let total = 0;
  for (let image = 0; image < table.images; image++) {
    let least = excess(0, image);
    for (let attack = 1; attack < table.attacks; attack++) least = Math.min(least, excess(attack, image));
    total += least;
  }
  return total;
}
