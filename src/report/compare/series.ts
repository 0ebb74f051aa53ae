/** The compared series: counts of the same images in two runs, clean, under each attack, and in the worst case. */
import { parseRadius } from "../../base/index.js";
import {
  bySeed,
  cleanAttack,
  cleanEps,
  memberNames,
  type Protocol,
  type RunRecord,
} from "../../journal/index.js";
import { type Counts, type CountsTable, type SeedSpread, seedSpread, worstCase } from "../../metric/index.js";
import type { PairedImage } from "./paired.js";

/** Counts of each image, for accuracy and for mIoU (`overlap`). In the worst case these can be of different attacks. */
export interface SeriesSide {
  readonly accuracy: readonly Counts[];
  readonly overlap: readonly Counts[];
}

export interface Series {
  /** `clean`, an attack's name, or `worst`. */
  readonly subject: string;
  /** The radius in the first run's notation; undefined for `clean`. */
  readonly eps: string | undefined;
  readonly a: SeriesSide;
  readonly b: SeriesSide;
  /** How far the worst cases of the single seeds of each run lie apart; null for a run of one seed. */
  readonly seeds?: { readonly a: SeedSpread | null; readonly b: SeedSpread | null };
}

type Radii = readonly [a: string, b: string];

/**
 * The series in both runs: clean, then for each common radius the common attacks and the worst case. The worst case is
 * over all attacks of its run.
 */
export function seriesOf(images: readonly PairedImage[], a: Protocol, b: Protocol): readonly Series[] {
  const clean = attackSeries(images, cleanAttack, [cleanEps, cleanEps]);
  const others = memberNames(b);
  const attacks = memberNames(a).filter((name) => others.includes(name));
  const robust = commonRadii(a, b).flatMap((radii) => [
    ...attacks.map((name) => attackSeries(images, name, radii)),
    worstSeries(images, a, b, radii),
  ]);
  return [{ ...clean, eps: undefined }, ...robust];
}

/** The radii of equal value in both runs, each in both notations. */
function commonRadii(a: Protocol, b: Protocol): Radii[] {
  return a.eps.flatMap((eps) => {
    const other = b.eps.find((text) => parseRadius(text).value === parseRadius(eps).value);
    return other === undefined ? [] : [[eps, other] as const];
  });
}

function attackSeries(images: readonly PairedImage[], attack: string, [epsA, epsB]: Radii): Series {
  const a = images.map((image) => recordOf(image.a, attack, epsA));
  const b = images.map((image) => recordOf(image.b, attack, epsB));
  return { subject: attack, eps: epsA, a: { accuracy: a, overlap: a }, b: { accuracy: b, overlap: b } };
}

function worstSeries(images: readonly PairedImage[], a: Protocol, b: Protocol, [epsA, epsB]: Radii): Series {
  const table = (side: "a" | "b", protocol: Protocol, eps: string) =>
    memberNames(protocol).map((attack) => images.map((image) => recordOf(image[side], attack, eps)));
  const [ofA, ofB] = [table("a", a, epsA), table("b", b, epsB)];
  return {
    subject: "worst",
    eps: epsA,
    a: worstSide(ofA, a.seed),
    b: worstSide(ofB, b.seed),
    seeds: { a: seedSpread(bySeed(a, ofA)), b: seedSpread(bySeed(b, ofB)) },
  };
}

function worstSide(table: CountsTable, seed: number): SeriesSide {
  const { choice } = worstCase(table, { seed });
  return {
    accuracy: table[0]!.map((_, image) => fewestRight(table.map((images) => images[image]!))),
    overlap: choice.map((attack, image) => table[attack]![image]!),
  };
}

function fewestRight(counts: readonly Counts[]): Counts {
  return counts.reduce((lowest, other) => (other.correct < lowest.correct ? other : lowest));
}

function recordOf(records: readonly RunRecord[], attack: string, eps: string): RunRecord {
  return records.find((record) => record.attack === attack && record.eps === eps)!;
}
