/** Class weights of a data set, with the label counts cached in a file. */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { sha256 } from "../base/index.js";
import { countLabels, type LabelCounts } from "./counts.js";
import type { Dataset } from "./sample.js";
import { classWeights } from "./weights.js";

const count = z.number().int().nonnegative();
const cacheSchema = z.object({
  schemaVersion: z.literal(1),
  /** Hash of the file list and of every setting that changes labels. */
  key: z.string(),
  spec: z.string(),
  counts: z.object({ classes: z.array(count), ignored: count }),
});
type Cache = z.infer<typeof cacheSchema>;

/** Class weights, and the counts they were computed from. */
export interface CountedWeights {
  readonly weights: readonly number[];
  readonly counts: LabelCounts;
  /** True if the counts came from the cache file. */
  readonly cached: boolean;
}

/**
 * `classWeights` of a data set's labels after the transforms. The counts are cached in `cacheFile` (JSON). They are
 * counted again when the list, the label files' sizes or the settings change, or when the cache is damaged.
 */
export async function cachedClassWeights(
  dataset: Dataset,
  cacheFile: string,
  onProgress?: (done: number, of: number) => void,
): Promise<CountedWeights> {
  const key = sha256(JSON.stringify([dataset.filesSha256, dataset.settings, dataset.ids]));
  const kept = await readCache(cacheFile);
  if (kept?.key === key)
    return { weights: classWeights(kept.counts.classes), counts: kept.counts, cached: true };
  const counts = await countLabels(dataset, onProgress);
  const weights = classWeights(counts.classes);
  await writeCache(cacheFile, {
    schemaVersion: 1,
    key,
    spec: dataset.spec,
    counts: { classes: [...counts.classes], ignored: counts.ignored },
  });
  return { weights, counts, cached: false };
}

/** The cached counts; undefined if the file is missing, damaged or of another kind, so that labels are counted again. */
async function readCache(file: string): Promise<Cache | undefined> {
  try {
    return cacheSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return undefined;
  }
}

/**
 * Writes a temporary file and renames it, so that no reader sees an incomplete cache. Errors are ignored: the labels
 * are then counted again.
 */
async function writeCache(file: string, cache: Cache): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(draft, `${JSON.stringify(cache)}\n`);
    await rename(draft, file);
  } catch {
    await rm(draft, { force: true });
  }
}
