/** From stored label values to classes: which values are classes, which count nowhere, and which are mistakes. */
import { SeawallError } from "../../base/index.js";
import type { LabelRaster, Size } from "./raster.js";

/** What the values in a data set's label files mean. */
export interface LabelScheme {
  /** Names in the order of the classes, or their number; undefined: any value may be a class. */
  readonly classes: readonly string[] | number | undefined;
  /** Stored value whose pixels count nowhere. */
  readonly ignoreLabel: number | undefined;
  /** The class of a stored value other than the ignore label; −1: counts nowhere. Default: the value itself. */
  readonly relabel?: ((value: number) => number) | undefined;
}

/** The values of a label file, row by row. */
export interface StoredLabels extends Size {
  readonly values: Uint8Array | Uint16Array;
}

/** The label of a pixel that counts nowhere, whatever value the data set stores for it. */
export const ignored = -1;

/** A scheme worked out for every 16-bit value. Plain data, so that it can be sent to a worker. */
export interface LabelTable {
  /** 2¹⁶ entries: the class of each stored value, −1 where ignored, −2 − k for class k that does not exist. */
  readonly labels: Int32Array;
  readonly classes: number | undefined;
  readonly ignoreLabel: number | undefined;
}

/** Number of classes of a scheme, where the scheme says it. */
export function classCount({ classes }: LabelScheme): number | undefined {
  return typeof classes === "object" ? classes.length : classes;
}

/** The tables of a data set: one for its own labels, and one for each other coding of label files. */
export interface LabelTables {
  readonly own: LabelTable;
  readonly codings: Readonly<Record<string, LabelTable>>;
}

/** The tables of a scheme; the codings replace its `relabel`. */
export function labelTables(
  scheme: LabelScheme,
  codings: Readonly<Record<string, (value: number) => number>> = {},
): LabelTables {
  const tables = Object.entries(codings).map(
    ([name, relabel]) => [name, labelTable({ ...scheme, relabel })] as const,
  );
  return { own: labelTable(scheme), codings: Object.fromEntries(tables) };
}

/** The table of a scheme. */
export function labelTable(scheme: LabelScheme): LabelTable {
  const classes = classCount(scheme);
  const limit = classes ?? Number.POSITIVE_INFINITY;
  const labels = Int32Array.from({ length: 2 ** 16 }, (_, value) => {
    const label = value === scheme.ignoreLabel ? ignored : (scheme.relabel?.(value) ?? value);
    if (!Number.isInteger(label)) return -2 - value;
    return label < limit ? label : -2 - label;
  });
  return { labels, classes, ignoreLabel: scheme.ignoreLabel };
}

/**
 * Turns stored values into classes, −1 where ignored.
 * @param file names the file in messages
 * @throws SeawallError `data` for a value that is neither a class nor ignored
 */
export function toClasses(table: LabelTable, stored: StoredLabels, file: string): LabelRaster {
  const { height, width, values } = stored;
  const data = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const label = table.labels[values[i]!]!;
    if (label < ignored) throw invalidLabel(table, stored, i, file);
    data[i] = label;
  }
  return { height, width, channels: 1, data };
}

function invalidLabel(
  { labels, classes, ignoreLabel }: LabelTable,
  { values, width }: StoredLabels,
  position: number,
  file: string,
): SeawallError {
  const value = values[position]!;
  const place = `row ${Math.floor(position / width)}, column ${position % width}`;
  return new SeawallError(
    "data",
    `${file}: label ${value} at ${place} is none of the ${classes} classes and not the ignore ` +
      `label (${ignoreLabel ?? "none is set"}); use --classes ${-1 - labels[value]!} if it is a class, ` +
      `--ignore-label ${value} if it must not count`,
  );
}
