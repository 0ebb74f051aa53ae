/** From the values stored in label files to classes: which value counts nowhere, and which one is a mistake. */
import { SeawallError } from "../../base/index.js";
import type { LabelRaster, Size } from "./raster.js";

/** How the values of a data set's label files are meant. */
export interface LabelScheme {
  /** Names in the order of the classes, or their number; undefined: any value may be a class. */
  readonly classes: readonly string[] | number | undefined;
  /** The stored value that counts nowhere. */
  readonly ignoreLabel: number | undefined;
  /** The class of a stored value other than the ignore label, −1 for "counts nowhere"; default: the value itself. */
  readonly relabel?: ((value: number) => number) | undefined;
}

/** The values of a label file, row by row. */
export interface StoredLabels extends Size {
  readonly values: Uint8Array | Uint16Array;
}

/** The label of a pixel that counts nowhere, whatever the data set calls it. */
export const ignored = -1;

const invalid = -2;

/** Number of classes of a scheme, where it says. */
export function classCount({ classes }: LabelScheme): number | undefined {
  return typeof classes === "object" ? classes.length : classes;
}

/**
 * The reader of one scheme: stored values to classes, −1 where ignored.
 * @returns a function of the values (row by row), their size, and the file they came from
 * @throws SeawallError `data` (the returned function) for a value that is neither a class nor ignored.
 */
export function labelReader(scheme: LabelScheme) {
  const table = labelTable(scheme);
  return (values: Uint8Array | Uint16Array, size: Size, file: string): LabelRaster => {
    const data = new Int32Array(values.length);
    for (let i = 0; i < values.length; i++) {
      const label = table[values[i]!]!;
      if (label === invalid) throw invalidLabel(scheme, values[i]!, i, size, file);
      data[i] = label;
    }
    return { height: size.height, width: size.width, channels: 1, data };
  };
}

/** The class of every 16-bit value. */
function labelTable(scheme: LabelScheme): Int32Array {
  const limit = classCount(scheme) ?? Number.POSITIVE_INFINITY;
  return Int32Array.from({ length: 2 ** 16 }, (_, value) => {
    const label = classOf(scheme, value);
    return label < limit ? label : invalid;
  });
}

function classOf(scheme: LabelScheme, value: number): number {
  return value === scheme.ignoreLabel ? ignored : (scheme.relabel?.(value) ?? value);
}

function invalidLabel(scheme: LabelScheme, value: number, position: number, { width }: Size, file: string) {
  const place = `row ${Math.floor(position / width)}, column ${position % width}`;
  const ignore = scheme.ignoreLabel === undefined ? "none is set" : `${scheme.ignoreLabel}`;
  return new SeawallError(
    "data",
    `${file}: label ${value} at ${place} is none of the ${classCount(scheme)} classes and not the ignore ` +
      `label (${ignore}); use --classes ${classOf(scheme, value) + 1} if it is a class, ` +
      `--ignore-label ${value} if it must not count`,
  );
}
