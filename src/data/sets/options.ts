/** What `openData` can be told, and which images and labels that selects. */
import { SeawallError } from "../../base/index.js";
import { classCount, type LabelScheme } from "../pixels/labels.js";
import type { TransformOptions } from "../pixels/transform.js";

/** The flags that say which images, which labels and what happens to them; all may be left out. */
export interface OpenOptions {
  /** "self": there is no ground truth, or it is not read. */
  readonly labels?: "truth" | "self" | undefined;
  readonly split?: string | undefined;
  readonly offset?: number | undefined;
  readonly limit?: number | undefined;
  /** Image i of the list belongs to shard i mod `count`; shards count from 0. */
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
  /** Names of the classes or their number, instead of those of the data set. */
  readonly classes?: number | readonly string[] | undefined;
  /** The stored label that counts nowhere, instead of the data set's; −1: every pixel counts. */
  readonly ignoreLabel?: number | undefined;
  /** VOC: void counts as background, as in the published evaluation. */
  readonly voidAsBackground?: boolean | undefined;
  /** ADE20K: "other" counts nowhere and the 150 classes start at 0. */
  readonly reduceZeroLabel?: boolean | undefined;
  readonly transform?: TransformOptions | undefined;
  /** How many samples are decoded ahead of the one in use (2); memory grows with it. */
  readonly readAhead?: number | undefined;
}

/** Other readings of the same label files; a data set has those that make sense for it. */
export type LabelVariant = "voidAsBackground" | "reduceZeroLabel";

const variants: readonly LabelVariant[] = ["voidAsBackground", "reduceZeroLabel"];

/**
 * The variant that the options ask for.
 * @throws SeawallError `usage` when the data set has no such variant.
 */
export function chosenVariant(
  name: string,
  available: Readonly<Partial<Record<LabelVariant, LabelScheme>>>,
  options: OpenOptions,
): LabelVariant | undefined {
  const asked = variants.filter((variant) => options[variant]);
  const unknown = asked.find((variant) => available[variant] === undefined);
  if (unknown) throw new SeawallError("usage", `${unknown} has no meaning for ${name} data; leave it out`);
  return asked[0];
}

/** A data set's scheme with what the options override. Its class names stay where only their number was given. */
export function overrideScheme(
  own: LabelScheme,
  { classes, ignoreLabel }: Pick<OpenOptions, "classes" | "ignoreLabel">,
): LabelScheme {
  const keepClasses = classes === undefined || classes === classCount(own);
  return {
    classes: keepClasses ? own.classes : classes,
    ignoreLabel: ignoreLabel === undefined ? own.ignoreLabel : ignoreLabel === -1 ? undefined : ignoreLabel,
    relabel: own.relabel,
  };
}

/**
 * The part of a list that `--offset` and `--limit` leave.
 * @throws SeawallError `usage` when nothing is left.
 */
export function sliceList<T>(list: readonly T[], { offset = 0, limit }: OpenOptions): T[] {
  checkCount("--offset", offset, 0);
  if (limit !== undefined) checkCount("--limit", limit, 1);
  if (offset >= list.length) {
    throw new SeawallError("usage", `--offset ${offset}: there are ${list.length} images; use a smaller one`);
  }
  return list.slice(offset, limit === undefined ? undefined : offset + limit);
}

/**
 * Which of `length` images belong to a shard, in order.
 * @throws SeawallError `usage` when the shard does not exist or has none.
 */
export function shardIndices(length: number, shard: OpenOptions["shard"]): number[] {
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
