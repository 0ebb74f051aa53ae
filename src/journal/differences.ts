/** Whether two descriptions are of the same run, and what is different if not. */

import { type JsonObject, leaves } from "../base/index.js";
import { decidingFacts, decidingProtocol, type RunDescription, shardIdentity } from "./description.js";
import type { RunRecord } from "./record.js";
import type { Result } from "./result.js";
import { summarize } from "./summary.js";

/** Differences as `model.classes: 11 stored, 12 now`. */
export interface Differences {
  /** Those that change what is computed: records of one run do not belong to the other. */
  readonly deciding: readonly string[];
  /** Those that change how it is computed, how things are called, or what checks found. */
  readonly harmless: readonly string[];
}

/** Compares a stored description with that of the run about to be made. */
export function compareDescriptions(stored: RunDescription, now: RunDescription): Differences {
  return {
    deciding: differences(deciding(stored), deciding(now)),
    harmless: differences(harmless(stored), harmless(now)),
  };
}

/**
 * What two runs do not have in common in data and protocol, so that their figures are not of the same question.
 * Models may differ: that is what runs are compared for. Paths, machines and versions count for nothing.
 */
export function compareConditions(a: RunDescription, b: RunDescription): string[] {
  return differences(conditions(a), conditions(b), ["in the first", "in the second"]);
}

/** The figures of a stored result that are not those of the run's records. */
export function resultDifferences(
  stored: Result,
  run: RunDescription,
  records: Iterable<RunRecord>,
): string[] {
  const partial = stored.data.missingImages !== undefined;
  const [before, now] = [stored, summarize(run, records, { partial })].map((result) =>
    figuresIn(stored, result),
  );
  return differences(before!, now!, ["stored", "by the journal"]);
}

/** Those figures of a result that a stored one has too: results of earlier versions have no `uncertainty`. */
export function figuresIn(stored: Result, { clean, robust, uncertainty }: Result) {
  return { clean, robust, ...(stored.uncertainty && { uncertainty }) };
}

function conditions({ protocol, model, data, shard }: RunDescription) {
  // An ensemble is its members, however it was asked for.
  const { attacks: _, ...measured } = decidingProtocol(protocol);
  const { images, listSha256, settings } = data;
  return {
    protocol: measured,
    data: { images, listSha256, settings },
    shard: shard ? shardIdentity(shard) : "none",
    model: { classes: model.classes },
  };
}

function deciding(run: RunDescription) {
  return { surrogate: "none", shard: "none", ...decidingFacts(run) };
}

function harmless({ model, surrogate, data, versions, engine, soundness }: RunDescription) {
  const checks = Object.fromEntries(soundness.map(({ check, status }) => [check, status]));
  const files = surrogate ? { surrogate: { file: surrogate.file } } : {};
  const names = { model: { file: model.file }, ...files, data: { spec: data.spec } };
  return { ...names, versions, engine: presentName(engine), soundness: checks };
}

/** Earlier versions wrote `batchSize` for `parallel`. */
function presentName({ batchSize, ...settings }: JsonObject): JsonObject {
  return { ...(batchSize !== undefined && { parallel: batchSize }), ...settings };
}

/** Every leaf that two values do not have in common. */
export function differences(
  stored: unknown,
  now: unknown,
  [first, second]: readonly [string, string] = ["stored", "now"],
): string[] {
  const [before, after] = [leaves(stored), leaves(now)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => `${path}: ${show(before.get(path))} ${first}, ${show(after.get(path))} ${second}`);
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
