/** From stored label values to classes: which values are classes, which count nowhere, and which are mistakes. */
import { SeawallError } from "../../base/index.js";
import { labelAdvice } from "./label-advice.js";
import { classesByColour, colouredLabels } from "./palette.js";
import type { Palette } from "./palettes.js";
import type { LabelRaster } from "./raster.js";
import { distinctValues, ignored, type StoredLabels, storedValues } from "./stored.js";

/** What the values in a data set's label files mean. */
export interface LabelScheme {
  /** Names in the order of the classes, or their number; undefined: any value may be a class. */
  readonly classes: readonly string[] | number | undefined;
  /** Stored value, or values, whose pixels count nowhere. */
  readonly ignoreLabel: number | readonly number[] | undefined;
  /** The class of a stored value other than the ignore label; −1: counts nowhere. Default: the value itself. */
  readonly relabel?: ((value: number) => number) | undefined;
  /** For label files that show classes as colours; its classes are then the stored values. */
  readonly palette?: Palette | undefined;
}

/** A scheme worked out for every 16-bit value. Plain data, so that it can be sent to a worker. */
export interface LabelTable {
  /** 2¹⁶ entries: the class of each stored value, −1 where ignored, −2 − k for class k that does not exist. */
  readonly labels: Int32Array;
  readonly classes: number | undefined;
  readonly ignoreLabels: readonly number[];
  readonly palette: Palette | undefined;
  /** The model decides the number of classes, so that another number is no remedy. */
  readonly byModel: boolean;
}

/** Number of classes of a scheme, where the scheme says it. */
export function classCount({ classes }: Pick<LabelScheme, "classes">): number | undefined {
  return typeof classes === "object" ? classes.length : classes;
}

/** The stored values that count nowhere. */
export function ignoreLabelsOf({
  ignoreLabel,
}: Partial<Pick<LabelScheme, "ignoreLabel">>): readonly number[] {
  if (ignoreLabel === undefined) return [];
  return typeof ignoreLabel === "number" ? [ignoreLabel] : ignoreLabel;
}

/** The tables of a data set: one for its own labels, and one for each other coding of label files. */
export interface LabelTables {
  readonly own: LabelTable;
  readonly codings: Readonly<Record<string, LabelTable>>;
}

/**
 * The tables of a scheme; the codings replace its `relabel`.
 * @param modelClasses the number of classes where the scheme has none of its own
 */
export function labelTables(
  scheme: LabelScheme,
  codings: Readonly<Record<string, (value: number) => number>> = {},
  modelClasses?: number,
): LabelTables {
  const tables = Object.entries(codings).map(
    ([name, relabel]) => [name, labelTable({ ...scheme, relabel }, modelClasses)] as const,
  );
  return { own: labelTable(scheme, modelClasses), codings: Object.fromEntries(tables) };
}

/** The table of a scheme. */
export function labelTable(scheme: LabelScheme, modelClasses?: number): LabelTable {
  const classes = classCount(scheme) ?? modelClasses;
  const limit = classes ?? Number.POSITIVE_INFINITY;
  const ignoreLabels = ignoreLabelsOf(scheme);
  const labels = Int32Array.from({ length: storedValues }, (_, value) => {
    const label = ignoreLabels.includes(value) ? ignored : (scheme.relabel?.(value) ?? value);
    if (!Number.isInteger(label)) return -2 - value;
    return label < limit ? label : -2 - label;
  });
  return { labels, classes, ignoreLabels, palette: scheme.palette, byModel: modelClasses !== undefined };
}

/**
 * Turns stored values into classes, −1 where ignored.
 * @param file names the file in messages
 * @throws SeawallError `data` for a value that is neither a class nor ignored, and for colours that no palette names
 */
export function toClasses(table: LabelTable, stored: StoredLabels, file: string): LabelRaster {
  const { height, width } = stored;
  if (!table.palette && stored.coloured) throw colouredLabels(stored, file);
  const values = table.palette ? classesByColour(stored, table.palette, file) : stored.values;
  const data = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const label = value < 0 ? ignored : table.labels[value]!;
    if (label < ignored) throw invalidLabel(table, values, i, width, file);
    data[i] = label;
  }
  return { height, width, channels: 1, data };
}

function invalidLabel(
  { labels, classes = 0, ignoreLabels, byModel }: LabelTable,
  values: StoredLabels["values"] | Int32Array,
  position: number,
  width: number,
  file: string,
): SeawallError {
  const value = values[position]!;
  const place = `row ${Math.floor(position / width)}, column ${position % width}`;
  const counted = distinctValues(values).filter((one) => one >= 0 && labels[one] !== ignored);
  const advice = labelAdvice(counted, classes, byModel ? {} : { more: -1 - labels[value]! });
  return new SeawallError(
    "data",
    `${file}: label ${value} at ${place} is none of the ${classes} classes and not the ignore ` +
      `label (${ignoreLabels.join(", ") || "none is set"}); use ${advice.join(", ")}`,
  );
}
