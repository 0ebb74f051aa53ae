/** Class weights of a data set, counted once and kept beside it. */
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
  /** Hash of the list and of all that changes a label. */
  key: z.string(),
  spec: z.string(),
  counts: z.object({ classes: z.array(count), ignored: count }),
});
type Cache = z.infer<typeof cacheSchema>;

/** Weights and what they were computed from. */
export interface CountedWeights {
  readonly weights: readonly number[];
  readonly counts: LabelCounts;
  /** Whether the counts came from the cache file. */
  readonly cached: boolean;
}

/**
 * `classWeights` of the labels of a data set as transformed. The counts are kept in `cacheFile` (JSON) and
 * counted again when the list, the label files' sizes or the settings change, or the file is damaged.
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

/** What is in the file, or undefined when it is missing, damaged or of another kind: it can be counted again. */
async function readCache(file: string): Promise<Cache | undefined> {
  try {
    return cacheSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return undefined;
  }
}

/** Written beside and renamed, so that nobody reads half a file. Where nothing can be kept it is counted again. */
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
