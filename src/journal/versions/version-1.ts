/**
 * Files of schemaVersion 1, read as files of version 2. Version 1 had one number of steps for all attacks, and the
 * settings that decide figures were those that a list in the program did not name.
 */

/** Settings that decided no figure, or were stated more exactly elsewhere in the file. */
const undecidingSettings: ReadonlySet<string> = new Set([
  ...[
    "batchSize",
    "parallel",
    "device",
    "threads",
    "out",
    "resume",
    "shard",
    "gate",
    "config",
    "json",
    "trace",
    "report",
  ],
  ...["model", "data", "classes", "classWeights", "protocol"],
  ...["attacks", "members", "eps", "steps", "radiusSchedule", "accounting", "seed"],
]);

/** Steps of `noise`, whatever number was asked for. */
const noiseSteps = 10;

type Json = Readonly<Record<string, unknown>>;

/** The content of a run.json, of either version, as version 2; what is malformed stays for the schema to refuse. */
export function upgradeDescription(value: unknown): unknown {
  if (!isVersion1(value)) return value;
  const settings = Object.keys(isObject(value.config) ? value.config : {});
  const decidingSettings = settings.filter((setting) => !undecidingSettings.has(setting));
  return { ...value, schemaVersion: 2, protocol: upgradeProtocol(value.protocol), decidingSettings };
}

/** The content of a result.json, of either version, as version 2. */
export function upgradeResult(value: unknown): unknown {
  if (!isVersion1(value)) return value;
  return { ...value, schemaVersion: 2, protocol: upgradeProtocol(value.protocol) };
}

function isVersion1(value: unknown): value is Json {
  return isObject(value) && value.schemaVersion === 1;
}

function upgradeProtocol(protocol: unknown): unknown {
  if (!isObject(protocol) || !Array.isArray(protocol.members)) return protocol;
  const { members, steps, radiusSchedule, ...others } = protocol;
  // Version 1 told the year by the ensemble's name.
  const is2023 = others.accounting === "authors" && others.attacks === "sea-2023";
  return {
    ...others,
    ...(is2023 && { publishedVersion: "2023" }),
    members: members.map((name: unknown) => memberOf(name, steps, radiusSchedule)),
  };
}

function memberOf(name: unknown, steps: unknown, radiusSchedule: unknown): unknown {
  if (typeof name !== "string") return name;
  const followsSchedule = name.startsWith("apgd:");
  return {
    name,
    steps: name === "noise" ? noiseSteps : steps,
    radiusSchedule: followsSchedule ? radiusSchedule : "constant",
  };
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
