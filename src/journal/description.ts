/** The description of a run, as `run.json` holds it: everything that decides its figures, and how it was run. */
import { z } from "zod";
import {
  canonicalJson,
  describeIssues,
  type JsonObject,
  jsonObject,
  parseRadius,
  plainJson,
  SeawallError,
  sha256,
  shortHash,
} from "../base/index.js";

export const count = z.int().min(0);
export const digest = z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256 of 64 hexadecimal digits");
const name = z.string().min(1).max(200);

/** The attack name of a clean prediction; its radius is `cleanEps`. */
export const cleanAttack = "clean";
export const cleanEps = "0";

const radius = name.refine(isRadius, "expected a radius such as 4/255 or 0.0157");
const isAscending = (list: readonly number[]) => list.every((n, i) => i === 0 || list[i - 1]! < n);
const distinct = (list: readonly string[]) => new Set(list).size === list.length;

const memberSchema = z.strictObject({
  /** The attack, as records name it. */
  name: name.refine((attack) => attack !== cleanAttack, "no attack may be called clean"),
  /** Iterations of this attack on an image at a radius. */
  steps: count,
  /** `reduce`: 2ε, 1.5ε and ε in 3:3:4 of the steps. */
  radiusSchedule: z.enum(["reduce", "constant"]),
  /** It goes on from the best point of the attacks before it; absent from runs made before there was this field. */
  continues: z.literal(true).optional(),
  /** The round that it belongs to, from 1: `steps` are then the mean over images, and each record has its own. */
  round: z.int().min(1).optional(),
  /** The seed of a repeat with other starts. Absent for an attack with the run's seed. */
  seed: z.int().optional(),
});

export const protocolSchema = z.strictObject({
  /** As asked for: the name of an ensemble or a list. */
  attacks: z.string().min(1),
  /** The attacks that run, in their order. */
  members: z
    .array(memberSchema)
    .min(1)
    .max(1000)
    .refine((members) => distinct(members.map(({ name }) => name)), "an attack is listed twice"),
  /** The radii as written, in their order. */
  eps: z.array(radius).min(1).max(1000).refine(distinct, "a radius is listed twice"),
  /** `authors`: the worst case as the published code accounts for it. */
  accounting: z.enum(["strict", "authors"]),
  /** The published code that `authors` follows; default: that of 2024. */
  publishedVersion: z.enum(["2023", "2024"]).optional(),
  seed: z.int(),
  /** A round that lowers aAcc and mIoU of the worst case by less than this share is the last. Absent for a run without rounds. */
  leastGain: z.number().gt(0).lt(1).optional(),
});

const size = z.tuple([z.int().min(1), z.int().min(1)]);

export const modelSchema = z.strictObject({
  file: z.string(),
  sha256: digest,
  classes: z.int().min(1).max(65536),
  /** The image input's dimensions; a name where one is not fixed. */
  input: z.array(z.union([count, z.string()])),
  classNames: z.array(z.string()).optional(),
  /** Rows and columns of the windows in which the model sees images; absent if it sees them whole. */
  window: size.optional(),
  /** Rows and columns from one window to the next. */
  stride: size.optional(),
});

export const labelsSource = z.enum(["truth", "self"]);

const dataSchema = z.strictObject({
  /** As the user wrote it. */
  spec: z.string(),
  /** Number of images of all shards together. */
  images: z.int().min(1).max(100_000_000),
  listSha256: digest,
  /** What decided the content of the samples: split, labels, transform. */
  settings: z.object({ labels: labelsSource }).catchall(z.json()),
});

/** Shards count from 0. */
export const shardSchema = z
  .strictObject({
    index: count,
    count: z.int().min(1).max(1_000_000),
    /** Positions of its images, ascending; absent where image i belongs to shard i mod `count`. */
    images: z.array(count).min(1).readonly().optional(),
  })
  .refine(({ index, count }) => index < count, "the shard's index must be below the number of shards")
  .refine(({ images = [] }) => isAscending(images), "the shard's images must be in ascending order");

export const soundnessSchema = z.object({
  check: z.string(),
  status: z.enum(["pass", "warn", "fail", "skip"]),
  detail: z.string(),
  /** What it means if the check is raised, and what to do then; absent from older runs. */
  means: z.string().optional(),
  remedy: z.string().optional(),
});

/** The outcome of a check of whether a result can be believed. */
export type Soundness = z.infer<typeof soundnessSchema>;

/** A plugin whose parts a run may use. */
export const pluginSchema = z.strictObject({
  /** The prefix of its names. */
  name,
  /** SHA-256 of the file itself; of what the file imports, nothing is recorded. */
  sha256: digest,
});

/** What is said of a file that is of no known version. */
export const otherVersion =
  "this file was written by another version of Seawall; expected schemaVersion 2, or 1 of an older run";

const runSchema = z.strictObject({
  schemaVersion: z.literal(2, otherVersion),
  protocol: protocolSchema,
  model: modelSchema,
  /** The model by whose gradient transferred attacks are made; absent if there is none. */
  surrogate: z.strictObject({ file: z.string(), sha256: digest }).optional(),
  data: dataSchema,
  shard: shardSchema.optional(),
  /** Name and version of the program and of what computes for it. */
  versions: z.record(z.string(), z.string()),
  /** Device, images side by side, threads and flags: how the run is computed, never what. */
  engine: jsonObject,
  /** The full resolved configuration. */
  config: jsonObject,
  /** The settings in `config` that decide figures and are stated nowhere else in this file. */
  decidingSettings: z.array(name).max(1000),
  /** SHA-256 of these settings with their values. */
  configSha256: digest,
  /** Plugins, in the order in which they were loaded; absent if there are none. */
  plugins: z.array(pluginSchema).max(100).optional(),
  /** Outcomes of the checks made before the run began; those made of its records are in the result alone. */
  soundness: z.array(soundnessSchema).max(100).default([]),
  /** Digest of all that decides figures, and the seal before the journal's first line; absent from older runs. */
  identity: z
    .string()
    .regex(/^[0-9a-f]{16}$/, "expected 16 hexadecimal digits")
    .optional(),
});

export const descriptionSchema = runSchema
  .refine(({ data, shard }) => (shard?.images?.at(-1) ?? 0) < data.images, {
    path: ["shard", "images"],
    message: "an image is beyond data.images; the file was changed",
  })
  .refine((run) => configHash(run) === run.configSha256, {
    path: ["configSha256"],
    message: "does not fit the configuration; the file was changed",
  })
  .refine((run) => run.identity === undefined || run.identity === identityOf(run), {
    path: ["identity"],
    message: "does not fit the rest of the file; the file was changed",
  });

export type Protocol = z.infer<typeof protocolSchema>;
export type Member = z.infer<typeof memberSchema>;
export type PluginFacts = z.infer<typeof pluginSchema>;
export type Shard = z.infer<typeof shardSchema>;
export type RunDescription = z.infer<typeof runSchema>;

/** What `describeRun` is told: plain objects, in which undefined entries are left out. */
export interface RunFacts extends Pick<RunDescription, "protocol" | "versions"> {
  readonly model: Omit<RunDescription["model"], "classNames" | "input" | "window" | "stride"> & {
    readonly input: readonly (number | string)[];
    readonly classNames?: readonly string[] | undefined;
    readonly window?: readonly [number, number] | undefined;
    readonly stride?: readonly [number, number] | undefined;
  };
  readonly data: Omit<RunDescription["data"], "settings"> & { readonly settings: object };
  readonly surrogate?: RunDescription["surrogate"];
  readonly shard?: Shard | undefined;
  readonly engine: object;
  readonly config: object;
  /** Settings in `config` that decide figures; default: all. */
  readonly decidingSettings?: readonly string[];
  readonly plugins?: readonly PluginFacts[];
  readonly soundness?: readonly Soundness[] | undefined;
}

/**
 * The description of a run to be made, checked and completed with its hashes.
 * @throws SeawallError `config` if it is none, for example because a radius is listed twice
 */
export function describeRun(facts: RunFacts): RunDescription {
  const config = plainJson(facts.config) as JsonObject;
  const { protocol, model, surrogate, data, shard, versions, engine, plugins, soundness = [] } = facts;
  const asked = facts.decidingSettings ?? Object.keys(config);
  const decidingSettings = asked.filter((setting) => setting in config);
  const hashes = { decidingSettings, configSha256: configHash({ config, decidingSettings }) };
  const parts = {
    protocol,
    model,
    surrogate,
    data,
    shard,
    versions,
    engine,
    config,
    ...hashes,
    plugins,
    soundness,
  };
  const result = descriptionSchema.safeParse(plainJson({ schemaVersion: 2, ...parts }));
  if (result.success) return withIdentity(result.data);
  throw new SeawallError("config", `the run cannot be described: ${describeIssues(result.error.issues)}`);
}

/** What decides the figures of a run; what it does not have is absent, so that runs keep their identity when fields are added. */
export function decidingFacts(run: RunDescription) {
  const { model, surrogate, data, shard, plugins = [] } = run;
  const protocol = decidingProtocol(run.protocol);
  const { file: _, classNames: __, ...network } = model;
  const { images, listSha256, settings } = data;
  return {
    protocol,
    model: network,
    ...(surrogate && { surrogate: surrogate.sha256 }),
    data: { images, listSha256, settings },
    ...(shard && { shard: shardIdentity(shard) }),
    config: decidingConfig(run),
    ...(plugins.length > 0 && { plugins }),
  };
}

/** Without what follows from the attacks' names, so that runs made before it was stated are no others. */
export function decidingProtocol(protocol: Protocol): Protocol {
  return { ...protocol, members: protocol.members.map(({ continues: _, ...member }) => member) };
}

/** The description with the identity that belongs to it. */
export function withIdentity(run: RunDescription): RunDescription {
  return { ...run, identity: identityOf(run) };
}

function identityOf(run: RunDescription): string {
  return shortHash(canonicalJson(decidingFacts(run)));
}

interface Settings {
  readonly config: JsonObject;
  readonly decidingSettings: readonly string[];
}

/** The part of a configuration that decides figures and is stated nowhere else in the description. */
export function decidingConfig({ config, decidingSettings }: Settings): JsonObject {
  const deciding = new Set(decidingSettings);
  return Object.fromEntries(Object.entries(config).filter(([key]) => deciding.has(key)));
}

/** SHA-256 of the part of a configuration that decides figures. */
export function configHash(settings: Settings): string {
  return sha256(canonicalJson(decidingConfig(settings)));
}

/** Names of the attacks of a run, in their order. */
export function memberNames({ members }: { readonly members: readonly Pick<Member, "name">[] }): string[] {
  return members.map(({ name }) => name);
}

/**
 * A list with an entry for each attack of a run, split seed by seed: the run's own first, then those that repeat its
 * attacks, in the same order.
 */
export function bySeed<T>(
  { members, seed }: Pick<Protocol, "members" | "seed">,
  list: readonly T[],
): { readonly seed: number; readonly attacks: readonly T[] }[] {
  const parts = new Map<number, T[]>();
  for (const [i, entry] of list.entries()) {
    const own = members[i]?.seed ?? seed;
    parts.set(own, [...(parts.get(own) ?? []), entry]);
  }
  return [...parts].map(([seed, attacks]) => ({ seed, attacks }));
}

/** A shard as the command line writes it: counted from 1, as `2/3`. */
export function shardName({ index, count }: Shard): string {
  return `${index + 1}/${count}`;
}

/** Two shards of the same name hold the same images if this is the same. */
export function shardIdentity(shard: Shard): string {
  const { images } = shard;
  return images ? `${shardName(shard)}, images ${shortHash(canonicalJson(images))}` : shardName(shard);
}

/** Does this image, by its position in the list of all shards, belong to the run? */
export function inShard(index: number, shard: Shard | undefined): boolean {
  if (shard === undefined) return true;
  return shard.images ? shard.images.includes(index) : index % shard.count === shard.index;
}

/** Number of images of the run, or of its shard. */
export function imageCount({ data, shard }: Pick<RunDescription, "data" | "shard">): number {
  if (shard === undefined) return data.images;
  return shard.images?.length ?? Math.max(0, Math.ceil((data.images - shard.index) / shard.count));
}

/** Position, in the list of all shards, of the n-th image of the run, or of its shard. */
export function imageAt(n: number, shard: Shard | undefined): number {
  if (shard === undefined) return n;
  return shard.images?.[n] ?? shard.index + n * shard.count;
}

function isRadius(text: string): boolean {
  try {
    return parseRadius(text).text === text;
  } catch {
    return false;
  }
}
