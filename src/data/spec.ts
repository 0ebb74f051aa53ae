/** What `--data` says: a row of the table of data sets, and where its files lie. */
import { SeawallError } from "../base/index.js";
import type { DatasetLayout, DatasetTable } from "./layouts/layout.js";
import { datasets } from "./sets/index.js";

/** A data set as a value: a layout, built in or the caller's own, and where its files lie. */
export interface DataSpec {
  /** Name of the layout, for messages and records. */
  readonly name: string;
  readonly layout: DatasetLayout;
  /** What follows the colon in `--data`. */
  readonly place: string;
}

/**
 * Reads a data set written as `camvid:ROOT`. A data set that already is a value is returned unchanged.
 * @param table the rows that are known; default: the built-in data sets
 * @throws SeawallError `usage` listing the forms that are known
 */
export function parseDataSpec(spec: string | DataSpec, table: DatasetTable = datasets): DataSpec {
  if (typeof spec !== "string") return spec;
  // Names of plugins' data sets hold colons themselves: the longest name that fits is meant.
  const fitting = Object.keys(table).filter((name) => spec.startsWith(`${name}:`));
  const name = fitting.reduce((longest, other) => (other.length > longest.length ? other : longest), "");
  const place = spec.slice(name.length + 1);
  if (name !== "" && place !== "") return { name, layout: table[name]!, place };
  throw new SeawallError("usage", `--data ${spec}: expected ${dataForms(table)}`);
}

/** A data set as it is written after `--data`. */
export function dataSpecText(spec: string | DataSpec): string {
  return typeof spec === "string" ? spec : `${spec.name}:${spec.place}`;
}

/** The forms that `--data` takes: `camvid:ROOT, voc:ROOT or sbd:ROOT`. */
export function dataForms(table: DatasetTable = datasets): string {
  return alternatives(Object.values(table).map(({ form }) => form));
}

/** The variants that `--label-variant` takes, with the data set of each: `voidAsBackground (voc)`. */
export function labelVariantForms(table: DatasetTable = datasets): string {
  const rows = Object.entries(table);
  return alternatives(
    rows.flatMap(([name, { variants }]) => Object.keys(variants).map((variant) => `${variant} (${name})`)),
  );
}

function alternatives(texts: readonly string[]): string {
  if (texts.length < 2) return texts.join("");
  return `${texts.slice(0, -1).join(", ")} or ${texts.at(-1)}`;
}
