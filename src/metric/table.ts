/** The counts of all attacks and images, and the sums for a choice of one attack per image. */
import { invariant } from "../base/index.js";
import type { Counts } from "./counts.js";

/** Counts as `table[attack][image]`. All attacks have the same images in the same order. */
export type CountsTable = readonly (readonly Counts[])[];

/** Counts of pixels in half the memory, where they fit. */
type PackedCounts = Uint32Array | Float64Array;

/** A `CountsTable` in typed arrays, for fast sums. */
export interface PackedTable {
  readonly attacks: number;
  readonly images: number;
  readonly classes: number;
  /** Per attack: TP at [image · classes + class]. */
  readonly intersection: readonly PackedCounts[];
  /** Per attack: TP + FP + FN at [image · classes + class]. */
  readonly union: readonly PackedCounts[];
  /** Per image: the classes whose counts depend on the attack. */
  readonly contested: readonly (readonly number[])[];
}

/**
 * Packs a table.
 * @throws Error `internal: …` unless all attacks have the same images, classes and labels
 */
export function packTable(table: CountsTable): PackedTable {
  const first = table[0];
  invariant(first !== undefined && first.length > 0, "a worst case over no attack or no image");
  const classes = first[0]!.union.length;
  for (const images of table) checkImages(images, first, classes);

  const pack = (counts: "intersection" | "union") =>
    table.map((images) => packCounts(images.map((image) => image[counts])));
  const packed = { intersection: pack("intersection"), union: pack("union") };
  return completed(packed, first.length, classes);
}

/** The table of some of its attacks, in this order; the counts are shared. */
export function onlyAttacks(table: PackedTable, attacks: readonly number[]): PackedTable {
  const of = (counts: readonly PackedCounts[]) => attacks.map((attack) => counts[attack]!);
  const packed = { intersection: of(table.intersection), union: of(table.union) };
  return completed(packed, table.images, table.classes);
}

function completed(
  packed: Pick<PackedTable, "intersection" | "union">,
  images: number,
  classes: number,
): PackedTable {
  const contested = Array.from({ length: images }, (_, image) =>
    contestedClasses(packed, image * classes, classes),
  );
  return { attacks: packed.union.length, images, classes, ...packed, contested };
}

function packCounts(images: readonly (readonly number[])[]): PackedCounts {
  const isSmall = images.every((counts) => counts.every((count) => count < 2 ** 32));
  const packed = new (isSmall ? Uint32Array : Float64Array)(images.length * images[0]!.length);
  images.forEach((counts, image) => {
    packed.set(counts, image * counts.length);
  });
  return packed;
}

/** The classes of the image at `start` whose counts depend on the attack. */
function contestedClasses(
  { intersection, union }: Pick<PackedTable, "intersection" | "union">,
  start: number,
  classes: number,
): number[] {
  const contested: number[] = [];
  for (let s = 0; s < classes; s++) {
    const [hits, all] = [intersection[0]![start + s], union[0]![start + s]];
    let attack = 1;
    while (intersection[attack]?.[start + s] === hits && union[attack]?.[start + s] === all) attack++;
    if (attack < union.length) contested.push(s);
  }
  return contested;
}

function checkImages(images: readonly Counts[], first: readonly Counts[], classes: number): void {
  invariant(images.length === first.length, `${images.length} and ${first.length} images in one table`);
  images.forEach((image, i) => {
    invariant(image.union.length === classes, `${image.union.length} and ${classes} classes in one table`);
    invariant(image.valid === first[i]!.valid, `image ${i} has other labels under another attack`);
  });
}

/** A choice of one attack per image, and its mIoU. */
export interface Standing {
  /** The index of the attack chosen for each image. */
  readonly choice: Int32Array;
  /** Chooses `attack` for `image`. */
  move(image: number, attack: number): void;
  /**
   * mIoU of the choice, over classes with a non-empty union; NaN if there is none. Sums are in the order of `meanIoU`, so
   * that equal choices give bit-identical numbers, whatever the moves before.
   */
  mIoU(): number;
}

/** Sums the counts of a choice. Each move updates the sums, which are exact integers. */
export function standing(table: PackedTable, start: ArrayLike<number>): Standing {
  const { classes } = table;
  const choice = Int32Array.from(start);
  const intersection = new Float64Array(classes);
  const union = new Float64Array(classes);
  const ratio = new Float64Array(classes);

  for (let image = 0; image < table.images; image++) {
    const [hits, unions] = [table.intersection[choice[image]!]!, table.union[choice[image]!]!];
    for (let s = 0; s < classes; s++) {
      intersection[s]! += hits[image * classes + s]!;
      union[s]! += unions[image * classes + s]!;
    }
  }
  let present = 0;
  for (let s = 0; s < classes; s++) {
    if (union[s]! > 0) present++;
    ratio[s] = ratioOf(intersection[s]!, union[s]!);
  }
  const hit = classesEverHit(table);

  return {
    choice,
    move(image, attack) {
      const [hitsBefore, unionsBefore] = [table.intersection[choice[image]!]!, table.union[choice[image]!]!];
      const [hitsAfter, unionsAfter] = [table.intersection[attack]!, table.union[attack]!];
      for (const s of table.contested[image]!) {
        const at = image * classes + s;
        const before = union[s]!;
        const after = before + unionsAfter[at]! - unionsBefore[at]!;
        intersection[s]! += hitsAfter[at]! - hitsBefore[at]!;
        union[s] = after;
        present += (after > 0 ? 1 : 0) - (before > 0 ? 1 : 0);
        ratio[s] = ratioOf(intersection[s]!, after);
      }
      choice[image] = attack;
    },
    mIoU() {
      let sum = 0;
      for (let i = 0; i < hit.length; i++) sum += ratio[hit[i]!]!;
      return sum / present;
    },
  };
}

function ratioOf(intersection: number, union: number): number {
  return union > 0 ? intersection / union : 0;
}

/** The classes that some attack leaves a right pixel of, ascending: the others add 0 to every sum of ratios. */
function classesEverHit({ intersection, classes }: PackedTable): Int32Array {
  const isHit = new Uint8Array(classes);
  for (const hits of intersection) {
    for (let at = 0; at < hits.length; at += classes)
      for (let s = 0; s < classes; s++) if (hits[at + s]! > 0) isHit[s] = 1;
  }
  return Int32Array.from([...isHit.keys()].filter((s) => isHit[s] === 1));
}
