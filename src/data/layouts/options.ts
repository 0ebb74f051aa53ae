/** Options of `openData`, and which images and labels they select. */
import { z } from "zod";
import { checkSettings, SeawallError } from "../../base/index.js";
import type { ImageEncoding, TellDecision } from "../pixels/encoding.js";
import type { Size } from "../pixels/raster.js";
import type { TransformOptions } from "../pixels/transform.js";
import type { DatasetTable } from "./layout.js";
import type { ShardOf } from "./shards.js";

/** Options of `openData`: which images, which labels, and the transforms. All may be left out. */
export interface DataOptions {
  /** "self": there is no ground truth, or it is not read. */
  readonly labels?: "truth" | "self" | undefined;
  readonly split?: string | undefined;
  readonly offset?: number | undefined;
  readonly limit?: number | undefined;
  /** A part of the list. The images are divided by what they cost, unless the shard names its own. */
  readonly shard?: ShardOf | undefined;
  /** What an image costs: a whole number in any unit, the same in all shards; default: its pixels, once transformed. */
  readonly costOf?: ((id: string, size: Size) => number) | undefined;
  /** Names or number of the classes; default: those of the data set. */
  readonly classes?: number | readonly string[] | undefined;
  /** Number of classes of the model: where the data set has another number, the reading of its labels that has as many. */
  readonly modelClasses?: number | undefined;
  /** Labels that are none of the model's classes are read all the same, for those who count them. */
  readonly keepOthers?: boolean | undefined;
  /** Stored labels whose pixels count nowhere, instead of the data set's; −1: every pixel counts. */
  readonly ignoreLabel?: number | readonly number[] | undefined;
  /** Classes of stored values: entries such as `255:1`, `reduce-zero`, or a file. */
  readonly labelMap?: string | undefined;
  /** For label files that show classes as colours: the name of a palette, or a file. */
  readonly palette?: string | undefined;
  /** What label file names have and image names lack; default: found out. */
  readonly labelSuffix?: string | undefined;
  /** Another reading of the label files, by its name among the layout's `variants`. */
  readonly labelVariant?: string | undefined;
  readonly transform?: TransformOptions | undefined;
  /** How stored values become channels; default: RGB. */
  readonly encoding?: ImageEncoding | undefined;
  /** Is told of decisions about images that are read, such as that transparency is dropped. */
  readonly tell?: TellDecision | undefined;
  /** Number of samples that are decoded ahead of the one in use (2); memory grows with it. */
  readonly readAhead?: number | undefined;
  /** Table in which the name before the colon is looked up; default: the built-in data sets. */
  readonly datasets?: DatasetTable | undefined;
}

const text = z.string().min(1).optional();
const taken = z.unknown().optional();

/** The options by name. Values that are `taken` are checked where they are used. */
const optionFields: Readonly<Record<keyof DataOptions, z.ZodType>> = {
  labels: z.enum(["truth", "self"]).optional(),
  split: text,
  offset: taken,
  limit: taken,
  shard: taken,
  costOf: z.instanceof(Function).optional(),
  classes: taken,
  modelClasses: z.int().min(1).optional(),
  keepOthers: z.boolean().optional(),
  ignoreLabel: taken,
  labelMap: text,
  palette: text,
  labelSuffix: text,
  labelVariant: text,
  transform: strict<TransformOptions>(["resizeShort", "crop", "size"]),
  encoding: strict<ImageEncoding>(["channels", "bands", "range", "orientation"]),
  tell: z.instanceof(Function).optional(),
  readAhead: z.int().min(0).optional(),
  datasets: taken,
};
const optionSchema = onlyWith(optionFields);

function strict<T extends object>(keys: readonly (keyof T & string)[]): z.ZodType {
  return onlyWith(Object.fromEntries(keys.map((key) => [key, taken]))).optional();
}

/** An object with these fields alone. */
function onlyWith(fields: Readonly<Record<string, z.ZodType>>): z.ZodType {
  const error: z.core.$ZodErrorMap = (issue) =>
    issue.code === "unrecognized_keys"
      ? `unknown ${issue.keys.join(", ")}; expected some of ${Object.keys(fields).join(", ")}`
      : undefined;
  return z.strictObject(fields, { error });
}

/**
 * Checks options from plain JavaScript, in which nothing else notices a name that is misspelt.
 * @throws SeawallError `config` that names each option that does not exist, or has a value of another type
 */
export function checkOptions(options: DataOptions): void {
  checkSettings(optionSchema, options, "options of openData");
}

/**
 * The part of a list that `--offset` and `--limit` select.
 * @throws SeawallError `usage` when nothing is left.
 */
export function sliceList<T>(list: readonly T[], { offset = 0, limit }: DataOptions): readonly T[] {
  checkCount("--offset", offset, 0);
  if (limit !== undefined) checkCount("--limit", limit, 1);
  if (offset >= list.length) {
    throw new SeawallError(
      "usage",
      `--offset ${offset}: the data set has ${list.length} images; use a smaller offset`,
    );
  }
  return list.slice(offset, limit === undefined ? undefined : offset + limit);
}

/** @throws SeawallError `usage` when the shard does not exist or is empty */
export function checkShard(length: number, { index, count }: ShardOf): void {
  checkCount("--shard: number of shards", count, 1);
  checkCount("--shard", index, 0);
  if (index < Math.min(count, length)) return;
  throw new SeawallError(
    "usage",
    `--shard: shard ${index} (counted from 0) of ${count} has none of the ${length} images; use fewer shards`,
  );
}

function checkCount(flag: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new SeawallError("usage", `${flag}: expected a whole number of at least ${least}, got ${value}`);
}
