/** NumPy's `.npy` files: one array of numbers. The header is parsed by a regular expression, never evaluated. */
import { arrayConstructors, invariant } from "../../base/index.js";
import type { StoredType, StoredValues } from "../pixels/encoding.js";

/** An array as stored, in row-major order. */
export interface NpyArray {
  readonly shape: readonly number[];
  /** NumPy's name of the element type, such as `uint16`; `int32` for 64 bits, which must fit. */
  readonly type: NpyType;
  readonly data: StoredValues;
}

export type NpyType = StoredType | "bool";

/** How elements are read. */
interface Element {
  readonly type: NpyType;
  readonly bytes: number;
  read(view: DataView, at: number, little: boolean): number;
}

function element(type: StoredType, getter: Getter): Element {
  const bytes = arrayConstructors[type].BYTES_PER_ELEMENT;
  return { type, bytes, read: (view, at, little) => view[getter](at, little) };
}

type Getter = `get${"Uint8" | "Int8" | "Uint16" | "Int16" | "Uint32" | "Int32" | "Float32" | "Float64"}`;

/** By NumPy's code, without byte order. */
const elements: Readonly<Record<string, Element>> = {
  b1: { ...element("uint8", "getUint8"), type: "bool" },
  u1: element("uint8", "getUint8"),
  i1: element("int8", "getInt8"),
  u2: element("uint16", "getUint16"),
  i2: element("int16", "getInt16"),
  u4: element("uint32", "getUint32"),
  i4: element("int32", "getInt32"),
  // NumPy's own integers, in which class numbers are often stored.
  i8: { type: "int32", bytes: 8, read: (view, at, little) => narrowed(view.getBigInt64(at, little)) },
  f4: element("float32", "getFloat32"),
  f8: element("float64", "getFloat64"),
};

function narrowed(value: bigint): number {
  const number = Number(value);
  if (number !== (number | 0)) throw new Error(`it holds ${value}, which does not fit into 32 bits`);
  return number;
}

const magic = "\x93NUMPY";

/** Bytes. Longer headers belong to structured arrays, which are not images. */
const longestHeader = 4096;

/**
 * Reads a `.npy` file of version 1, 2 or 3.
 * @param limit largest number of elements
 * @throws Error describing the problem, without the file's name
 */
export function readNpy(bytes: Uint8Array, limit: number): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { header, start } = headerOf(bytes, view);
  const { descr, fortran, shape } = parseHeader(header);
  const [order, code] = [descr[0]!, descr.slice(1)];
  if (!Object.hasOwn(elements, code)) {
    throw new Error(
      `its elements are of type ${descr}, expected bool, uint8, int8, uint16, int16, uint32, int32, int64, float32 or float64`,
    );
  }
  const { type, bytes: width, read } = elements[code]!;
  const count = shape.reduce((product, length) => product * length, 1);
  if (count < 1 || count > limit) throw new Error(`it has ${count} elements, expected 1 to ${limit}`);
  const stored = bytes.length - start;
  if (stored !== count * width)
    throw new Error(`it holds ${stored} bytes of data, its header says ${count * width}`);
  const data = new arrayConstructors[type](count);
  const place = fortran ? rowMajor(shape) : (i: number) => i;
  const little = order !== ">";
  for (let i = 0; i < count; i++) data[place(i)] = read(view, start + i * width, little);
  return { shape, type, data };
}

/** A `.npy` file, version 1, of float32 numbers in row-major order. */
export function npyFile(shape: readonly number[], data: Float32Array): Uint8Array<ArrayBuffer> {
  const description = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const lengthAt = magic.length + 2;
  const begin = lengthAt + 2;
  // NumPy pads the header, so that the numbers begin at a multiple of 64 bytes.
  const start = Math.ceil((begin + description.length + 1) / 64) * 64;
  const head = `${magic}\x01\0\0\0${description}`.padEnd(start - 1);
  const bytes = new Uint8Array(start + 4 * data.length);
  bytes.set(Uint8Array.from(`${head}\n`, (character) => character.charCodeAt(0)));
  const view = new DataView(bytes.buffer);
  view.setUint16(lengthAt, start - begin, true);
  for (let i = 0; i < data.length; i++) view.setFloat32(start + 4 * i, data[i]!, true);
  return bytes;
}

const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

function headerOf(bytes: Uint8Array, view: DataView): { header: string; start: number } {
  if (bytes.length < 12 || latin1(bytes.subarray(0, magic.length)) !== magic)
    throw new Error("not a .npy file");
  const version = bytes[6]!;
  if (version < 1 || version > 3) throw new Error(`version ${version} of the format is not known`);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const begin = version === 1 ? 10 : 12;
  if (length > longestHeader || begin + length > bytes.length) throw new Error("its header is damaged");
  return {
    header: latin1(bytes.subarray(begin, begin + length)),
    start: begin + length,
  };
}

const headerForm =
  /^\{\s*'descr':\s*'([<>|=]?[a-z]\d+)',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(([\d\s,]*)\),?\s*\}\s*$/;

function parseHeader(header: string): { descr: string; fortran: boolean; shape: readonly number[] } {
  const match = headerForm.exec(header);
  if (!match) throw new Error("its header is not that of one array of numbers");
  const [, descr, fortran, dims] = match as unknown as [string, string, string, string];
  const shape = dims.split(",").flatMap((dim) => (dim.trim() === "" ? [] : [Number(dim)]));
  if (shape.length > 8 || shape.some((dim) => !Number.isSafeInteger(dim)))
    throw new Error(`its shape (${dims.slice(0, 60)}) is not that of an image`);
  const ordered = /^[<>|=]/.test(descr) ? descr : `|${descr}`;
  return { descr: ordered, fortran: fortran === "True", shape };
}

/** The row-major position of the i-th element in column-major order. */
function rowMajor(shape: readonly number[]): (i: number) => number {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  return (i) => {
    let [rest, position] = [i, 0];
    for (const [axis, length] of shape.entries()) {
      position += (rest % length) * strides[axis]!;
      rest = Math.floor(rest / length);
    }
    invariant(rest === 0, "an element lies outside of its array");
    return position;
  };
}
