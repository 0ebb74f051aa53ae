/** Whether what a model is measured on was also trained on. */
import { sha256 } from "../base/index.js";
import { readBytes } from "./formats/files.node.js";
import type { FileDataset } from "./open.node.js";
import type { StampedEntry } from "./sets/layout.node.js";

/** Names, as the first data set has them, of images that both have. */
export interface Overlap {
  /** Their files are equal, byte by byte. */
  readonly sameFile: readonly string[];
  /** The same name in both, and other bytes: the same image stored again, or two that happen to be called alike. */
  readonly sameName: readonly string[];
}

/**
 * The images that two data sets share. Only files whose size occurs in the other set too are read.
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

/** Those entries whose image is as many bytes long as one of the others. */
function ofSizesIn(entries: readonly StampedEntry[], others: readonly StampedEntry[]): StampedEntry[] {
  const sizes = new Set(others.map(({ stamps }) => stamps.image.size));
  return entries.filter(({ stamps }) => sizes.has(stamps.image.size));
}

/** One file after another, so that one is in memory. */
async function hashesOf(entries: readonly StampedEntry[]): Promise<string[]> {
  const hashes: string[] = [];
  for (const { image } of entries) hashes.push(sha256(await readBytes(image)));
  return hashes;
}
