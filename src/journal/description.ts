/** What a run is, as `run.json` says: everything that decides its numbers, and how it was run. */
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
} from "../base/index.js";

export const count = z.int().min(0);
export const digest = z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256 of 64 hexadecimal digits");
const name = z.string().min(1).max(200);

/** The attack name of a clean prediction; its radius is `cleanEps`. */
export const cleanAttack = "clean";
export const cleanEps = "0";

const radius = name.refine(isRadius, "expected a radius such as 4/255 or 0.0157");
const distinct = (list: readonly string[]) => new Set(list).size === list.length;

export const protocolSchema = z.strictObject({
  /** As asked for: the name of an ensemble or a list. */
  attacks: z.string().min(1),
  /** The attacks that run, in their order. */
  members: z
    .array(name.refine((attack) => attack !== cleanAttack, "no attack may be called clean"))
    .min(1)
    .max(1000)
    .refine(distinct, "an attack is listed twice"),
  /** The radii as written, in their order. */
  eps: z.array(radius).min(1).max(1000).refine(distinct, "a radius is listed twice"),
  steps: count,
  radiusSchedule: z.enum(["reduce", "constant"]),
  /** `authors`: the worst case as the published code accounts for it. */
  accounting: z.enum(["strict", "authors"]),
  seed: z.int(),
});

export const modelSchema = z.strictObject({
  file: z.string(),
  sha256: digest,
  classes: z.int().min(1).max(65536),
  /** The image input's dimensions; a name where one is not fixed. */
  input: z.array(z.union([count, z.string()])),
  classNames: z.array(z.string()).optional(),
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

/** Image i belongs to shard i mod `count`; shards count from 0. */
export const shardSchema = z
  .strictObject({ index: count, count: z.int().min(1).max(1_000_000) })
  .refine(({ index, count }) => index < count, "the shard's index must be below the number of shards");

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

/** Whether a check found something that makes figures doubtful. */
export function isRaised({ status }: Pick<Soundness, "status">): boolean {
  return status === "warn" || status === "fail";
}

export const descriptionSchema = z
  .strictObject({
    schemaVersion: z.literal(
      1,
      "this file was written by another version of Seawall; expected schemaVersion 1",
    ),
    protocol: protocolSchema,
    model: modelSchema,
    data: dataSchema,
    shard: shardSchema.optional(),
    /** Name and version of the program and of what computes for it. */
    versions: z.record(z.string(), z.string()),
    /** Device, images side by side, threads and flags: how the run is computed, never what. */
    engine: jsonObject,
    /** The full resolved configuration. */
    config: jsonObject,
    /** SHA-256 of the part of `config` that decides results. */
    configSha256: digest,
    /** Outcomes of the checks made before the run began; those made of its records are in the result alone. */
    soundness: z.array(soundnessSchema).max(100).default([]),
  })
  .refine(({ config, configSha256 }) => configHash(config) === configSha256, {
    path: ["configSha256"],
    message: "does not fit the configuration; the file was changed",
  });

export type Protocol = z.infer<typeof protocolSchema>;
export type Shard = z.infer<typeof shardSchema>;
export type RunDescription = z.infer<typeof descriptionSchema>;

/** What `describeRun` is told: plain objects, in which undefined entries are left out. */
export interface RunFacts extends Pick<RunDescription, "protocol" | "versions"> {
  readonly model: Omit<RunDescription["model"], "classNames" | "input"> & {
    readonly input: readonly (number | string)[];
    readonly classNames?: readonly string[] | undefined;
  };
  readonly data: Omit<RunDescription["data"], "settings"> & { readonly settings: object };
  readonly shard?: Shard | undefined;
  readonly engine: object;
  readonly config: object;
  readonly soundness?: readonly Soundness[] | undefined;
}

/**
 * The description of a run to be made, checked and completed with its hashes.
 * @throws SeawallError `config` if it is none, for example because a radius is listed twice
 */
export function describeRun(facts: RunFacts): RunDescription {
  const config = plainJson(facts.config) as JsonObject;
  const { protocol, model, data, shard, versions, engine, soundness = [] } = facts;
  const hashes = { configSha256: configHash(config) };
  const parts = { protocol, model, data, shard, versions, engine, config, ...hashes, soundness };
  const result = descriptionSchema.safeParse(plainJson({ schemaVersion: 1, ...parts }));
  if (result.success) return result.data;
  throw new SeawallError("config", `the run cannot be described: ${describeIssues(result.error.issues)}`);
}

/**
 * Settings that decide no number: how it runs, where it writes, how it is called; and those that stand in the
 * description more exactly, as content hashes or in the protocol. A setting not named here decides.
 */
const undecidingSettings: ReadonlySet<string> = new Set([
  ...["parallel", "batchSize", "device", "threads", "out", "resume", "shard", "gate", "config", "json"],
  ...["trace", "report"],
  ...["model", "data", "classes", "classWeights", "protocol", ...Object.keys(protocolSchema.shape)],
]);

/** The part of a configuration that decides results and stands nowhere else in the description. */
export function decidingConfig(config: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !undecidingSettings.has(key)));
}

/** SHA-256 of the part of a configuration that decides results. */
export function configHash(config: JsonObject): string {
  return sha256(canonicalJson(decidingConfig(config)));
}

/** A shard as the command line writes it: counted from 1, as `2/3`. */
export function shardName({ index, count }: Shard): string {
  return `${index + 1}/${count}`;
}

/** Does this image, by its position in the list of all shards, belong to the run? */
export function inShard(index: number, shard: Shard | undefined): boolean {
  return shard === undefined || index % shard.count === shard.index;
}

function isRadius(text: string): boolean {
  try {
    return parseRadius(text).text === text;
  } catch {
    return false;
  }
}
