/** MATLAB 5 files, as far as a struct with a matrix of bytes goes; every length is checked before it is believed. */
import { inflateSync } from "node:zlib";
import { maxFileBytes } from "./files.node.js";

/** Numbers of the format: element types, and classes of arrays. */
const types = { int8: 1, uint8: 2, int32: 5, uint32: 6, matrix: 14, compressed: 15 } as const;
const classes = { struct: 2, uint8: 9 } as const;

const headerBytes = 128;
/** More variables, fields or dimensions than this are no label file: a few bytes each, they would fill memory. */
const maxParts = 4096;

/** A piece of a file: a type and its bytes. */
interface Element {
  readonly type: number;
  readonly data: Buffer;
}

/** A named array: what is in it is not looked at yet. */
interface MatArray {
  readonly class: number;
  readonly dims: readonly number[];
  readonly name: string;
  /** The elements after the name. */
  readonly content: readonly Element[];
}

/** Bytes column after column; `data.length` is rows · columns. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Uint8Array;
}

/**
 * The array of a name at the top of a file.
 * @throws Error saying what is wrong, without the name of the file
 */
export function findVariable(bytes: Buffer, name: string): MatArray {
  if (bytes.length < headerBytes || bytes.toString("latin1", 126, 128) !== "IM") {
    throw new Error("not a MATLAB 5 file of little endian");
  }
  for (const element of unpacked(elementsOf(bytes.subarray(headerBytes)))) {
    if (element.type !== types.matrix) continue;
    const array = readArray(element.data);
    if (array.name === name) return array;
  }
  throw new Error(`it has no variable ${name}`);
}

/**
 * A field of a struct of one element.
 * @throws Error when the array is no such struct or has no such field
 */
export function fieldOf(array: MatArray, field: string): MatArray {
  if (array.class !== classes.struct || sizeOfDims(array.dims) !== 1) {
    throw new Error(`${array.name} is not a struct of one element`);
  }
  const [width, names, ...values] = array.content;
  const position = fieldNames(width, names).indexOf(field);
  const value = values[position];
  if (value?.type !== types.matrix) throw new Error(`${array.name} has no field ${field}`);
  return { ...readArray(value.data), name: field };
}

/**
 * A matrix of unsigned bytes.
 * @throws Error when the array holds something else, nothing, or more than `limit` numbers
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

/** The elements one after another; small ones keep their bytes in the tag, all but packed ones fill up to 8 bytes. */
function elementsOf(bytes: Buffer): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 > bytes.length) throw new Error("the file is truncated");
    checkParts(elements.length);
    const word = bytes.readUInt32LE(at);
    const isSmall = word > 0xffff;
    const type = isSmall ? word & 0xffff : word;
    const length = isSmall ? word >>> 16 : bytes.readUInt32LE(at + 4);
    const start = isSmall ? at + 4 : at + 8;
    if (start + length > (isSmall ? at + 8 : bytes.length)) throw new Error("the file is truncated");
    elements.push({ type, data: bytes.subarray(start, start + length) });
    if (isSmall) at += 8;
    else at = start + (type === types.compressed ? length : Math.ceil(length / 8) * 8);
  }
  return elements;
}

/** The elements, each packed one being replaced by what it holds; together at most as large as any file may be. */
function* unpacked(elements: readonly Element[]): Generator<Element> {
  let left = maxFileBytes;
  for (const element of elements) {
    if (element.type !== types.compressed) yield element;
    else {
      const bytes = inflate(element.data, left);
      left -= bytes.length;
      yield* elementsOf(bytes);
    }
  }
}

function inflate(packed: Buffer, limit: number): Buffer {
  try {
    return inflateSync(packed, { maxOutputLength: Math.max(limit, 1) });
  } catch (error) {
    const tooLarge = error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
    throw tooLarge ? new Error(`it unpacks to more than ${maxFileBytes} bytes`) : error;
  }
}

function readArray(bytes: Buffer): MatArray {
  const [flags, dims, name, ...content] = elementsOf(bytes);
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

function int32s(data: Buffer): number[] {
  const length = checkParts(Math.floor(data.length / 4));
  return Array.from({ length }, (_, i) => data.readInt32LE(4 * i));
}

function checkParts(count: number): number {
  if (count > maxParts) throw new Error(`it has more than ${maxParts} parts`);
  return count;
}

/** Names lie one after another, each filled up to the same width. */
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
