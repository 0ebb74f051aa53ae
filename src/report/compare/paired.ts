/** Pairing of two stored runs: the images in both, and the differences that make a comparison doubtful. */
import { SeawallError } from "../../base/index.js";
import {
  arrange,
  compareConditions,
  type ImageRecords,
  missingOf,
  type RunRecord,
} from "../../journal/index.js";
import type { StoredRun } from "../../journal/index.node.js";

/** One image, with all its records in both runs. */
export interface PairedImage {
  readonly image: string;
  readonly a: readonly RunRecord[];
  readonly b: readonly RunRecord[];
}

export interface PairedRuns {
  /** At least one image, in the order of the first run. */
  readonly images: readonly PairedImage[];
  /** A sentence each. Empty if both runs have the same data and the same protocol. */
  readonly differences: readonly string[];
}

/**
 * Pairs the images of two runs by name. An image that lacks a record in one run is left out and listed as a difference.
 * @throws SeawallError `journal` if records contradict each other, `usage` if no image is complete in both runs
 */
export function pairRuns(a: StoredRun, b: StoredRun): PairedRuns {
  const others = completeImages(b);
  const images = [...completeImages(a)].flatMap(([image, records]) => {
    const other = others.get(image);
    return other ? [{ image, a: records, b: other }] : [];
  });
  if (images.length === 0) {
    throw new SeawallError("usage", "no image is complete in both runs, so there is nothing to compare");
  }
  return {
    images,
    differences: [
      ...compareConditions(a.description, b.description),
      ...gapOf(a, "first"),
      ...gapOf(b, "second"),
      ...unlike(images, "content", ({ a, b }) => a[0]!.hash !== b[0]!.hash),
      ...(isSelf(a) || isSelf(b) ? [] : unlike(images, "labels", otherLabels)),
    ],
  };
}

function completeImages({ description, records }: StoredRun): Map<string, readonly RunRecord[]> {
  const { eps, members } = description.protocol;
  const slots = 1 + eps.length * members.length;
  const complete = arrange(description, records).filter((image) => image.records.length === slots);
  return new Map(complete.map(named));
}

function named({ records }: ImageRecords): [string, readonly RunRecord[]] {
  return [records[0]!.image, records];
}

function gapOf({ description, records }: StoredRun, which: string): string[] {
  const { incompleteImages, images } = missingOf(description, records);
  return incompleteImages === 0
    ? []
    : [`the ${which} run is not complete: ${incompleteImages} of ${images} images lack records`];
}

function unlike(
  images: readonly PairedImage[],
  what: string,
  differs: (image: PairedImage) => boolean,
): string[] {
  const found = images.filter(differs);
  return found.length === 0
    ? []
    : [`${what} of ${found.length} of ${images.length} images (the first: "${found[0]!.image}")`];
}

/** Whether the labels are the model's own clean predictions, so that they differ between models. */
function isSelf({ description }: StoredRun): boolean {
  return description.data.settings.labels === "self";
}

function otherLabels({ a, b }: PairedImage): boolean {
  const [one, other] = [a[0]!.labels, b[0]!.labels];
  return one.length !== other.length || one.some((count, s) => count !== other[s]);
}
