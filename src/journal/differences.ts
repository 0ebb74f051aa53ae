/** Whether two descriptions are of the same run, and what is different if not. */
import { decidingConfig, type RunDescription, shardName } from "./description.js";
import { type JsonObject, leaves } from "./json.js";

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

function deciding({ protocol, model, data, shard, config }: RunDescription) {
  const { sha256, classes, input } = model;
  const { images, listSha256, settings } = data;
  return {
    protocol,
    model: { sha256, classes, input },
    data: { images, listSha256, settings },
    shard: shard ? shardName(shard) : "none",
    config: decidingConfig(config),
  };
}

function harmless({ model, data, versions, engine, config, soundness }: RunDescription) {
  const checks = Object.fromEntries(soundness.map(({ check, status }) => [check, status]));
  const settings: JsonObject = {};
  for (const key of ["batchSize", "device", "threads"]) if (key in config) settings[key] = config[key]!;
  const names = { model: { file: model.file }, data: { spec: data.spec } };
  return { ...names, versions, engine, config: settings, soundness: checks };
}

function differences(stored: unknown, now: unknown): string[] {
  const [before, after] = [leaves(stored), leaves(now)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => `${path}: ${show(before.get(path))} stored, ${show(after.get(path))} now`);
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
