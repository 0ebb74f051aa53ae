/** Sums of details over images: near boundaries and away from them, by object size, and confusions. */
import type { Counts } from "./counts.js";
import type { CountDetails } from "./details.js";
import { objectSizes } from "./objects.js";
import { groups } from "./tally.js";

/** TP and TP + FP + FN of each class, for a part of the pixels. */
export type RegionCounts = Pick<Counts, "intersection" | "union">;

/** Details summed over images. */
export interface DetailSums {
  readonly boundary: RegionCounts;
  readonly interior: RegionCounts;
  /**
   * Counts by object size, in the order of `objectSizes`. A false positive belongs to no object. The false positives of a
   * class in an image are distributed over the objects of the class in that image, in proportion to their pixels (Wang
   * et al., arXiv 2310.19252). In an image without such an object they do not count.
   */
  readonly sizes: readonly RegionCounts[];
  /** Wrong pixels by label and predicted class, most frequent first. */
  readonly confusion: readonly Confusion[];
}

export interface Confusion {
  readonly label: number;
  readonly predicted: number;
  readonly pixels: number;
}

/** Sums the details of images. */
export function sumDetails(
  images: readonly { readonly counts: Counts; readonly details: CountDetails }[],
  classes: number,
): DetailSums {
  const region = () => ({ intersection: zeros(classes), union: zeros(classes) });
  const [boundary, interior, sizes] = [region(), region(), objectSizes.map(region)];
  const confusion = new Map<string, Confusion>();
  for (const { counts, details } of images) {
    addTo(interior.intersection, counts.intersection);
    addTo(interior.union, counts.union);
    for (const [s, hits, all] of groups(details.boundary, 3)) {
      boundary.intersection[s!]! += hits!;
      boundary.union[s!]! += all!;
    }
    for (const [s, size, hits, pixels] of groups(details.objects, 4)) {
      const falsePositives = counts.union[s!]! - counts.labels[s!]!;
      sizes[size!]!.intersection[s!]! += hits!;
      sizes[size!]!.union[s!]! += pixels! + (falsePositives * pixels!) / counts.labels[s!]!;
    }
    for (const [label, predicted, n] of groups(details.confusion, 3)) {
      const key = `${label} ${predicted}`;
      const pixels = (confusion.get(key)?.pixels ?? 0) + n!;
      confusion.set(key, { label: label!, predicted: predicted!, pixels });
    }
  }
  subtractFrom(interior.intersection, boundary.intersection);
  subtractFrom(interior.union, boundary.union);
  return { boundary, interior, sizes, confusion: [...confusion.values()].sort(byPixels) };
}

function byPixels(a: Confusion, b: Confusion): number {
  return b.pixels - a.pixels || a.label - b.label || a.predicted - b.predicted;
}

function zeros(length: number): number[] {
  return new Array<number>(length).fill(0);
}

function addTo(sums: number[], values: readonly number[]): void {
  values.forEach((value, i) => {
    sums[i]! += value;
  });
}

function subtractFrom(sums: number[], values: readonly number[]): void {
  values.forEach((value, i) => {
    sums[i]! -= value;
  });
}
