/** What a label file holds, before anything is known of its classes. */
import type { StoredImage } from "./encoding.js";
import type { Size } from "./raster.js";

/** The values of a label file, row by row. */
export interface StoredLabels extends Size {
  /** Numbers of 8 or 16 bits; where `coloured`, colours as red · 65536 + green · 256 + blue. */
  readonly values: Uint8Array | Uint16Array | Uint32Array;
  /** Left out where the values are numbers. */
  readonly coloured?: true;
  /** The colour of each number, for a file with a palette of its own. */
  readonly colours?: Uint32Array;
}

/** The label of a pixel that counts nowhere, whatever value the data set stores for it. */
export const ignored = -1;

/** Number of the values that a label file of 16 bits can hold. */
export const storedValues = 2 ** 16;

/** The distinct values of a label file, in ascending order. */
export function distinctValues(values: Uint8Array | Uint16Array | Uint32Array | Int32Array): number[] {
  const found = new Set<number>();
  let last = -1;
  for (const value of values) {
    // Neighbours are mostly equal.
    if (value !== last) found.add(value);
    last = value;
  }
  return [...found].sort((a, b) => a - b);
}

/**
 * The labels that an image file holds: whole numbers in its only band, or colours of 8 bits.
 * @throws Error describing the problem, without the file's name
 */
export function fromImage(image: StoredImage): StoredLabels {
  const { height, width, bands, hasAlpha, type, data } = image;
  const colours = bands - (hasAlpha ? 1 : 0);
  if (colours === 1) return { height, width, values: wholeNumbers(data, bands) };
  if (colours === 3 && type === "uint8") return fromRgb({ height, width }, data, bands);
  throw new Error(`it has ${bands} bands of type ${type}, expected one of whole numbers, or RGB of 8 bits`);
}

/**
 * The values of the first of some bands as numbers of 8 or 16 bits.
 * @throws Error naming a value that is none
 */
export function wholeNumbers(data: ArrayLike<number>, bands = 1): Uint8Array | Uint16Array {
  const values = new Uint16Array(data.length / bands);
  let highest = 0;
  for (let i = 0; i < values.length; i++) {
    const value = data[i * bands]!;
    values[i] = value;
    if (values[i] !== value) throw new Error(`it holds ${value}, which is no whole number from 0 to 65535`);
    if (value > highest) highest = value;
  }
  return highest < 256 ? Uint8Array.from(values) : values;
}

/** Numbers for pixels of three bytes: the common value where red, green and blue are equal everywhere, else colours. */
export function fromRgb(size: Size, bytes: ArrayLike<number>, channels: number): StoredLabels {
  const { height, width } = size;
  const pixels = height * width;
  const values = new Uint32Array(pixels);
  let isGrey = true;
  for (let pixel = 0, at = 0; pixel < pixels; pixel++, at += channels) {
    const [red, green, blue] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!];
    isGrey &&= red === green && green === blue;
    values[pixel] = red * 65536 + green * 256 + blue;
  }
  if (!isGrey) return { height, width, values, coloured: true };
  return { height, width, values: Uint8Array.from(values, (value) => value & 255) };
}
