/** Options of `openData`, and which images and labels they select. */
import { SeawallError } from "../../base/index.js";
import type { ImageEncoding, TellDecision } from "../pixels/encoding.js";
import { classCount, type LabelScheme } from "../pixels/labels.js";
import type { TransformOptions } from "../pixels/transform.js";
import type { DatasetLayout, DatasetTable } from "./layout.js";

/** Options of `openData`: which images, which labels, and the transforms. All may be left out. */
export interface DataOptions {
  /** "self": there is no ground truth, or it is not read. */
  readonly labels?: "truth" | "self" | undefined;
  readonly split?: string | undefined;
  readonly offset?: number | undefined;
  readonly limit?: number | undefined;
  /** Image i of the list belongs to shard i mod `count`; shards count from 0. */
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
  /** Names or number of the classes; default: those of the data set. */
  readonly classes?: number | readonly string[] | undefined;
  /** Stored label whose pixels count nowhere, instead of the data set's; −1: every pixel counts. */
  readonly ignoreLabel?: number | undefined;
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

/**
 * The label scheme that the options select: the layout's own or that of a variant, with the overrides applied.
 * @throws SeawallError `usage` when the data set has no such variant
 */
export function selectScheme(
  name: string,
  { scheme, variants }: Pick<DatasetLayout, "scheme" | "variants">,
  options: Pick<DataOptions, "labelVariant" | "classes" | "ignoreLabel">,
): LabelScheme {
  const { labelVariant } = options;
  if (labelVariant === undefined) return overrideScheme(scheme, options);
  if (Object.hasOwn(variants, labelVariant)) return overrideScheme(variants[labelVariant]!, options);
  const available = Object.keys(variants);
  throw new SeawallError(
    "usage",
    `--label-variant ${labelVariant}: ${name} data has no such variant; ` +
      (available.length > 0 ? `use ${available.join(" or ")}` : "leave it out"),
  );
}

/** A scheme with the overrides of the options. Class names stay where `classes` is their number. */
function overrideScheme(
  own: LabelScheme,
  { classes, ignoreLabel }: Pick<DataOptions, "classes" | "ignoreLabel">,
): LabelScheme {
  const keepClasses = classes === undefined || classes === classCount(own);
  return {
    classes: keepClasses ? own.classes : classes,
    ignoreLabel: ignoreLabel === undefined ? own.ignoreLabel : ignoreLabel === -1 ? undefined : ignoreLabel,
    relabel: own.relabel,
  };
}

/**
 * The part of a list that `--offset` and `--limit` select.
 * @throws SeawallError `usage` when nothing is left.
 */
export function sliceList<T>(list: readonly T[], { offset = 0, limit }: DataOptions): T[] {
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

/**
 * Positions of the images that belong to a shard, out of `length`, in order.
 * @throws SeawallError `usage` when the shard does not exist or is empty
 */
export function shardIndices(length: number, shard: DataOptions["shard"]): number[] {
  const { index, count } = shard ?? { index: 0, count: 1 };
  checkCount("--shard: number of shards", count, 1);
  checkCount("--shard", index, 0);
  if (index >= Math.min(count, length)) {
    throw new SeawallError(
      "usage",
      `--shard: shard ${index} (counted from 0) of ${count} has none of the ${length} images; use fewer shards`,
    );
  }
  return Array.from({ length: Math.ceil((length - index) / count) }, (_, i) => index + i * count);
}

function checkCount(flag: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new SeawallError("usage", `${flag}: expected a whole number of at least ${least}, got ${value}`);
}
