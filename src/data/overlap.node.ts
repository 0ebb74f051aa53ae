/** Finds evaluation images that a model was also trained on. */
import { sha256 } from "../base/index.js";
import { readBytes } from "./formats/files.node.js";
import type { StampedEntry } from "./layouts/layout.js";
import type { FileDataset } from "./open.js";

/** Images that occur in both data sets, by their names in the first one. */
export interface Overlap {
  /** Their files are equal, byte by byte. */
  readonly sameFile: readonly string[];
  /** Same name, different bytes: the image was stored again, or two images share a name by chance. */
  readonly sameName: readonly string[];
}

/**
 * The images that two data sets share. Reads only files whose size occurs in both data sets.
 * @throws SeawallError `data` when such a file cannot be read
 */
export async function overlap(
  a: Pick<FileDataset, "entries">,
  b: Pick<FileDataset, "entries">,
): Promise<Overlap> {
  const hashes = new Set(await hashesOf(ofSizesIn(b.entries, a.entries)));
  const candidates = ofSizesIn(a.entries, b.entries);
  const candidateHashes = await hashesOf(candidates);
  const sameFile = candidates.filter((_, i) => hashes.has(candidateHashes[i]!)).map(({ id }) => id);
  const [same, names] = [new Set(sameFile), new Set(b.entries.map(({ id }) => id))];
  const sameName = a.entries.map(({ id }) => id).filter((id) => names.has(id) && !same.has(id));
  return { sameFile, sameName };
}

/** Entries whose image file has the same size as one of the others. */
function ofSizesIn(entries: readonly StampedEntry[], others: readonly StampedEntry[]): StampedEntry[] {
  const sizes = new Set(others.map(({ stamps }) => stamps.image.size));
  return entries.filter(({ stamps }) => sizes.has(stamps.image.size));
}

/** Hashes one file after another, so that only one is in memory. */
async function hashesOf(entries: readonly StampedEntry[]): Promise<string[]> {
  const hashes: string[] = [];
  for (const { image } of entries) hashes.push(sha256(await readBytes(image)));
  return hashes;
}
