/** The shards of a run, put together. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { SeawallError } from "../../base/index.js";
import { writeFileAtomic } from "../../base/index.node.js";
import { missingOf, sortRecords } from "../arrange.js";
import {
  imageCount,
  inShard,
  type RunDescription,
  type Soundness,
  shardName,
  withIdentity,
} from "../description.js";
import { compareDescriptions } from "../differences.js";
import { linesOf, unsealedNotice } from "../lines/seal.js";
import type { RunRecord } from "../record.js";
import { copyExtras, removeRun } from "./extras.node.js";
import { runFiles } from "./files.js";
import { claimFolder } from "./run.node.js";
import { readRun, type StoredRun, writeDescription } from "./stored.node.js";

/** The run that shards make together. */
export interface MergedRun extends StoredRun {
  /** What the shards did not do alike though it decides no number, a sentence each. */
  readonly warnings: readonly string[];
}

/** Stands in a folder from the beginning of a merge to its end: a merge that finds it begins anew. */
const unfinished = "merge-unfinished";

/**
 * Writes the folder of the whole run, its journal in the order of images, radii and attacks. Its result is,
 * times aside, byte for byte that of the run made in one piece. Its lines are sealed if those of all shards are.
 * @throws SeawallError `usage` if the folders are not all shards of one run, `journal` if a folder is damaged,
 * records are missing or `out` is not empty; what an interrupted merge left there is replaced
 */
export async function mergeRuns(dirs: readonly string[], out: string): Promise<MergedRun> {
  return mergeThen(dirs, out, (merged) => merged);
}

/**
 * As `mergeRuns`, with more files of the run.
 * @param finish writes them; if it is interrupted, the whole merge counts as interrupted
 * @returns what `finish` returns
 */
export async function mergeThen<T>(
  dirs: readonly string[],
  out: string,
  finish: (merged: MergedRun) => T,
): Promise<T> {
  const shards = dirs.map((dir) => ({ dir, ...readRun(dir) })).sort(byShard);
  checkShards(shards);
  const [first, ...others] = shards;
  const description = wholeOf(shards);
  const warnings = [
    ...others.flatMap((other) => compareShards(first!, other)),
    ...shards.filter(isUnsealed).map(({ dir }) => `${join(dir, runFiles.journal)}: ${unsealedNotice}`),
  ];
  checkDivision(shards);
  refuseGaps(shards);
  const records = sortRecords(
    description,
    shards.flatMap((shard) => shard.records),
  );
  const lock = claimFolder(
    out,
    (names) => names.includes(unfinished),
    "a merge begins anew: use another --out, or delete this folder",
  );
  try {
    writeFileAtomic(join(out, unfinished), "");
    removeRun(out);
    writeFileAtomic(join(out, runFiles.journal), linesOf(description.identity, records).join(""));
    for (const { dir } of shards) copyExtras(dir, out);
    // From now on the folder reads as a run.
    writeDescription(out, description);
    const finished = finish({ description, records, warnings });
    rmSync(join(out, unfinished));
    return finished;
  } finally {
    lock.release();
  }
}

function wholeOf(shards: readonly StoredShard[]): RunDescription {
  const { identity: _, ...first } = withoutShard(shards[0]!.description);
  const whole = { ...first, soundness: worstChecks(shards) };
  return shards.some(isUnsealed) ? whole : withIdentity(whole);
}

function isUnsealed({ description }: StoredShard): boolean {
  return description.identity === undefined;
}

type StoredShard = StoredRun & { readonly dir: string };

/**
 * The records of other shards of a run, as far as they have come.
 * @throws SeawallError `usage` if a folder is of another run, `journal` if it is damaged
 */
export function readOtherShards(dirs: readonly string[], run: RunDescription): RunRecord[] {
  return dirs.flatMap((dir) => {
    const { description, records } = readRun(dir);
    refuseOtherRun(dir, withoutShard(description), withoutShard(run), "the run that goes on");
    return records.filter(({ index }) => !inShard(index, run.shard));
  });
}

/** In the order of the shards, so that the order in which folders are named changes nothing. */
function byShard({ description: a }: StoredShard, { description: b }: StoredShard): number {
  return (a.shard?.index ?? 0) - (b.shard?.index ?? 0);
}

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
    if (seen.has(index)) {
      refuse(`${dir}: shard ${shardName(description.shard!)}, as is ${seen.get(index)}; name each once`);
    }
    seen.set(index, dir);
  }
  for (let index = 0; index < count!; index++) {
    if (!seen.has(index))
      refuse(`shard ${shardName({ index, count: count! })} is missing; name the folders of all`);
  }
}

/** Shards of one list, if they were divided alike, have every image once. */
function checkDivision(shards: readonly StoredShard[]): void {
  const refuse = (message: string) => {
    throw new SeawallError(
      "usage",
      `${message}; the shards were not divided alike: begin all again with the same version of Seawall and the same --costs`,
    );
  };
  const owners = new Map<number, string>();
  const others = shards.filter(({ description: { shard } }) => !shard?.images);
  for (const { dir, description } of shards) {
    for (const image of description.shard?.images ?? []) {
      const owner = owners.get(image) ?? others.find((other) => inShard(image, other.description.shard))?.dir;
      if (owner) refuse(`${dir}: image ${image} is in this shard and in ${owner}`);
      owners.set(image, dir);
    }
  }
  const images = shards.reduce((sum, { description }) => sum + imageCount(description), 0);
  const expected = shards[0]!.description.data.images;
  if (images < expected) refuse(`${expected - images} of ${expected} images are in no shard`);
}

/** @returns warnings about harmless differences */
function compareShards(first: StoredShard, other: StoredShard): string[] {
  const [one, two] = [first, other].map(({ description }) => withoutShard(description));
  const harmless = refuseOtherRun(other.dir, one!, two!, first.dir);
  return harmless.map((difference) => `${other.dir} differs from ${first.dir}: ${difference}`);
}

/** @returns harmless differences */
function refuseOtherRun(
  dir: string,
  stored: RunDescription,
  now: RunDescription,
  than: string,
): readonly string[] {
  const { deciding, harmless } = compareDescriptions(stored, now);
  if (deciding.length === 0) return harmless;
  throw new SeawallError(
    "usage",
    `${dir}: a shard of another run than ${than} (stored there, now here):\n  ${deciding.join("\n  ")}`,
  );
}

/** The worst outcome of each check over all shards; the first one where several are equally bad. */
function worstChecks(shards: readonly StoredShard[]): Soundness[] {
  const order: readonly Soundness["status"][] = ["pass", "skip", "warn", "fail"];
  const worst = new Map<string, Soundness>();
  for (const outcome of shards.flatMap(({ description }) => description.soundness)) {
    const known = worst.get(outcome.check);
    if (!known || order.indexOf(outcome.status) > order.indexOf(known.status))
      worst.set(outcome.check, outcome);
  }
  return [...worst.values()];
}

function withoutShard({ shard: _, ...whole }: RunDescription): RunDescription {
  const settings = Object.entries(whole.config).filter(([key]) => key !== "shard");
  return { ...whole, config: Object.fromEntries(settings) };
}

function refuseGaps(shards: readonly StoredShard[]): void {
  for (const { dir, description, records } of shards) {
    const { first, records: missing, expected } = missingOf(description, records);
    if (first === undefined) continue;
    throw new SeawallError(
      "journal",
      `${dir}: the shard is not complete: ${missing} of ${expected} records are missing (the first: ${first}); ` +
        "resume it first",
    );
  }
}
