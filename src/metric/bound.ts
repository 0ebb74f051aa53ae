/** A lower bound on the data set's mIoU over all choices of one attack per image, among the attacks that were run. */
import { mean } from "./figures.js";
import type { PackedTable } from "./table.js";

/** Larger than rounding errors of sums over 10⁵ images and 10³ classes, smaller than any printed digit. */
const roundingSlack = 1e-9;

/**
 * A lower bound on the mIoU of every choice; null if no class counts under any choice. A choice gives each image one of
 * the attacks that were run; an attack that was not run can go below the bound.
 *
 * Classes: a choice's mIoU counts the classes whose union is not empty *under that choice*. The bound counts the classes
 * whose union is not empty under *some* choice. A class that some choice makes absent has no label, so its IoU is 0
 * wherever it is present, and the bound uses 0. So every choice counts at most as many classes, with at least these IoUs.
 *
 * First bound: the mean of λ_s, the smallest IoU of class s over all choices, each class taken alone. Second bound, at
 * least as high: I_s ≥ λ_s·U_s under every choice, and U_s ≤ V_s, the sum of each image's largest union. Therefore
 * I_s/U_s = λ_s + (I_s − λ_s·U_s)/U_s ≥ λ_s + (I_s − λ_s·U_s)/V_s. The sum of the right side over classes is smallest if
 * each image takes the attack with its smallest term. This accounts for attacks that lower one class and raise another.
 */
export function lowestMIoUBound(table: PackedTable): number | null {
  const lowest = Array.from({ length: table.classes }, (_, s) => lowestIoU(table, s));
  const alone = mean(lowest);
  if (alone === null) return null;
  const counted = lowest.filter((iou) => iou !== null).length;
  return alone + Math.max(0, sharedExcess(table, lowest) / counted - roundingSlack);
}

/** The smallest IoU of class s over all choices; 0 if some choice makes it absent, null if all do. */
function lowestIoU(table: PackedTable, s: number): number | null {
  const [least, most] = [unionOver(Math.min, table, s), unionOver(Math.max, table, s)];
  if (most === 0) return null;
  return least === 0 ? 0 : dinkelbach(table, s);
}

/** The union of class s if every image takes the attack with the smallest (or largest) union. */
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
 * The smallest ΣI/ΣU over all choices, for a class that no choice makes absent. Dinkelbach's iteration: give each image
 * the attack of smallest I − λU, set λ to the ratio of that choice, and repeat until λ no longer decreases.
 * λ is kept as a fraction of integers, so comparisons are exact while (pixels of the set) · (pixels of an image) is
 * below 2⁵³, and accurate to double precision beyond.
 */
function dinkelbach(table: PackedTable, s: number): number {
  let [hits, union] = [0, 1]; // λ = 0: the first choice has the fewest hits.
  for (let last = Number.POSITIVE_INFINITY; ; last = hits / union) {
    const [nextHits, nextUnion] = sumsOfLeast(table, s, hits, union);
    if (!(nextHits / nextUnion < last)) return last;
    [hits, union] = [nextHits, nextUnion];
  }
}

/** [ΣI, ΣU] of class s if each image takes the attack of smallest I·union − hits·U, the first among equals. */
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

/** The smallest Σ_s (I_s − λ_s·U_s)/V_s over all choices. */
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
