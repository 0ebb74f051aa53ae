/** The subset of MATLAB 5 files that label files use: structs, and matrices of bytes. */
import { checkParts, type Element, int32s, matElements, types, unpacked } from "./mat-elements.node.js";

/** Numbers of the array classes in the format. */
const classes = { struct: 2, uint8: 9 } as const;

const headerBytes = 128;

/** A named array whose content is not decoded yet. */
interface MatArray {
  readonly class: number;
  readonly dims: readonly number[];
  readonly name: string;
  /** The elements after the name. */
  readonly content: readonly Element[];
}

/** A matrix of bytes, column by column; `data.length` is rows · columns. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Uint8Array;
}

/**
 * The top-level array called `name`.
 * @throws Error describing the problem, without the file's name
 */
export function findVariable(bytes: Buffer, name: string): MatArray {
  if (bytes.length < headerBytes || bytes.toString("latin1", 126, 128) !== "IM") {
    throw new Error("not a MATLAB 5 file in little-endian byte order");
  }
  for (const element of unpacked(matElements(bytes.subarray(headerBytes)))) {
    if (element.type !== types.matrix) continue;
    const array = readArray(element.data);
    if (array.name === name) return array;
  }
  throw new Error(`it has no variable ${name}`);
}

/**
 * A field of a struct with one element.
 * @throws Error when the array is not such a struct, or has no such field
 */
export function fieldOf(array: MatArray, field: string): MatArray {
  if (array.class !== classes.struct || sizeOfDims(array.dims) !== 1) {
    throw new Error(`${array.name} is not a struct with one element`);
  }
  const [width, names, ...values] = array.content;
  const position = fieldNames(width, names).indexOf(field);
  const value = values[position];
  if (value?.type !== types.matrix) throw new Error(`${array.name} has no field ${field}`);
  return { ...readArray(value.data), name: field };
}

/**
 * Reads a matrix of unsigned bytes.
 * @throws Error when the array has another type, is empty, or has more than `limit` elements
 */
export function readByteMatrix(array: MatArray, limit: number): Matrix {
  const [rows = 0, columns = 0, ...more] = array.dims;
  const size = rows * columns;
  const [values] = array.content;
  if (array.class !== classes.uint8 || more.length > 0) {
    throw new Error(`${array.name} is not a uint8 matrix`);
  }
  if (!(rows > 0 && columns > 0 && size <= limit))
    throw new Error(`${array.name} has ${rows}x${columns} pixels`);
  if (values?.type !== types.uint8 || values.data.length !== size) {
    throw new Error(`${array.name} does not hold its ${rows}x${columns} bytes`);
  }
  return { rows, columns, data: values.data };
}

function readArray(bytes: Buffer): MatArray {
  const [flags, dims, name, ...content] = matElements(bytes);
  if (flags?.type !== types.uint32 || flags.data.length !== 8) throw new Error("an array without a class");
  if (dims?.type !== types.int32 || name?.type !== types.int8)
    throw new Error("an array without size or name");
  return {
    class: flags.data[0]!,
    dims: int32s(dims.data),
    name: name.data.toString("latin1"),
    content,
  };
}

/** Field names are stored one after another, each padded to the same width. */
function fieldNames(width: Element | undefined, names: Element | undefined): string[] {
  const [each = 0] = width?.type === types.int32 ? int32s(width.data) : [];
  if (each < 1 || names?.type !== types.int8) throw new Error("a struct without field names");
  const text = names.data.toString("latin1");
  return Array.from({ length: checkParts(Math.floor(text.length / each)) }, (_, i) =>
    text.slice(i * each, (i + 1) * each).replace(/\0.*$/s, ""),
  );
}

function sizeOfDims(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}
