/** The shards of a run, put together. */
import { join } from "node:path";
import { SeawallError } from "../base/index.js";
import { missingOf, sortRecords } from "./arrange.js";
import type { RunDescription } from "./description.js";
import { compareDescriptions } from "./differences.js";
import { writeFileAtomic } from "./files.node.js";
import { formatJson } from "./json.js";
import { claimFolder, readRun, runFiles, type StoredRun } from "./run.node.js";

/** The run that shards make together. */
export interface MergedRun extends StoredRun {
  /** What the shards did not do alike though it decides no number, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Writes the folder of the whole run, its journal in the order of images, radii and attacks. Its result is,
 * times aside, byte for byte that of the run made in one piece.
 * @throws SeawallError `usage` if the folders are not all shards of one run, `journal` if a folder is damaged,
 * records are missing or `out` is not empty
 */
export async function mergeRuns(dirs: readonly string[], out: string): Promise<MergedRun> {
  const shards = dirs.map((dir) => ({ dir, ...readRun(dir) }));
  checkShards(shards);
  const [first, ...others] = shards;
  const description = withoutShard(first!.description);
  const warnings = others.flatMap((other) => compareShards(first!, other));
  const records = sortRecords(
    description,
    shards.flatMap((shard) => shard.records),
  );
  refuseGaps(description, records);

  const lock = claimFolder(out, false);
  try {
    writeFileAtomic(join(out, runFiles.run), formatJson(description));
    const lines = records.map((record) => `${JSON.stringify(record)}\n`);
    writeFileAtomic(join(out, runFiles.journal), lines.join(""));
  } finally {
    lock.release();
  }
  return { description, records, warnings };
}

type StoredShard = StoredRun & { readonly dir: string };

/** Every shard once, none missing. */
function checkShards(shards: readonly StoredShard[]): void {
  const refuse = (message: string) => {
    throw new SeawallError("usage", message);
  };
  if (shards.length === 0) refuse("no folder to merge; name those of all shards");
  const seen = new Map<number, string>();
  const count = shards[0]!.description.shard?.count;
  for (const { dir, description } of shards) {
    if (!description.shard) refuse(`${dir}: not a shard but a whole run; nothing to merge`);
    const { index, count: own } = description.shard!;
    if (own !== count) refuse(`${dir}: one of ${own} shards, but ${shards[0]!.dir} is one of ${count}`);
    if (seen.has(index)) refuse(`${dir}: the same shard as ${seen.get(index)}; name each once`);
    seen.set(index, dir);
  }
  const absent = Array.from({ length: count! }, (_, index) => index).filter((index) => !seen.has(index));
  if (absent.length > 0) {
    refuse(`of ${count} shards, number ${absent.slice(0, 10).join(", ")} (counted from 0) is missing`);
  }
}

/** @returns warnings about harmless differences */
function compareShards(first: StoredShard, other: StoredShard): string[] {
  const { deciding, harmless } = compareDescriptions(
    withoutShard(first.description),
    withoutShard(other.description),
  );
  if (deciding.length > 0) {
    throw new SeawallError(
      "usage",
      `${other.dir}: a shard of another run than ${first.dir} (stored there, now here):\n  ${deciding.join("\n  ")}`,
    );
  }
  return harmless.map((difference) => `${other.dir} differs from ${first.dir}: ${difference}`);
}

function withoutShard({ shard: _, ...whole }: RunDescription): RunDescription {
  const settings = Object.entries(whole.config).filter(([key]) => key !== "shard");
  return { ...whole, config: Object.fromEntries(settings) };
}

function refuseGaps(description: RunDescription, records: StoredRun["records"]): void {
  const { first, records: missing, expected } = missingOf(description, records);
  if (first === undefined) return;
  throw new SeawallError(
    "journal",
    `the shards are not complete: ${missing} of ${expected} records are missing (the first: ${first}); ` +
      "resume the shard first",
  );
}
