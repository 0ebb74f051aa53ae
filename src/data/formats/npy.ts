/** NumPy's `.npy` files: one array of numbers. The header is parsed by a regular expression, never evaluated. */
import { invariant } from "../../base/index.js";

/** An array as stored, in row-major order. */
export interface NpyArray {
  readonly shape: readonly number[];
  /** NumPy's name of the element type, such as `uint16`; `int32` for 64 bits, which must fit. */
  readonly type: NpyType;
  readonly data:
    | Uint8Array
    | Int8Array
    | Uint16Array
    | Int16Array
    | Uint32Array
    | Int32Array
    | Float32Array
    | Float64Array;
}

export type NpyType = Exclude<keyof typeof elements, "int64">;

/** How to read one element; `code` is NumPy's, without byte order. */
const elements = {
  bool: { code: "b1", bytes: 1, make: (n: number) => new Uint8Array(n), read: readUint8 },
  uint8: { code: "u1", bytes: 1, make: (n: number) => new Uint8Array(n), read: readUint8 },
  int8: {
    code: "i1",
    bytes: 1,
    make: (n: number) => new Int8Array(n),
    read: (view: DataView, at: number) => view.getInt8(at),
  },
  uint16: {
    code: "u2",
    bytes: 2,
    make: (n: number) => new Uint16Array(n),
    read: (view: DataView, at: number, little: boolean) => view.getUint16(at, little),
  },
  int16: {
    code: "i2",
    bytes: 2,
    make: (n: number) => new Int16Array(n),
    read: (view: DataView, at: number, little: boolean) => view.getInt16(at, little),
  },
  int32: {
    code: "i4",
    bytes: 4,
    make: (n: number) => new Int32Array(n),
    read: (view: DataView, at: number, little: boolean) => view.getInt32(at, little),
  },
  uint32: {
    code: "u4",
    bytes: 4,
    make: (n: number) => new Uint32Array(n),
    read: (view: DataView, at: number, little: boolean) => view.getUint32(at, little),
  },
  // NumPy's own integers, in which class numbers are often stored.
  int64: {
    code: "i8",
    bytes: 8,
    make: (n: number) => new Int32Array(n),
    read: (view: DataView, at: number, little: boolean) => narrowed(view.getBigInt64(at, little)),
  },
  float32: {
    code: "f4",
    bytes: 4,
    make: (n: number) => new Float32Array(n),
    read: (view: DataView, at: number, little: boolean) => view.getFloat32(at, little),
  },
  float64: {
    code: "f8",
    bytes: 8,
    make: (n: number) => new Float64Array(n),
    read: (view: DataView, at: number, little: boolean) => view.getFloat64(at, little),
  },
} as const;

function narrowed(value: bigint): number {
  const number = Number(value);
  if (number !== (number | 0)) throw new Error(`it holds ${value}, which does not fit into 32 bits`);
  return number;
}

function readUint8(view: DataView, at: number): number {
  return view.getUint8(at);
}

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
  const found = Object.entries(elements).find(([, element]) => element.code === code);
  if (!found)
    throw new Error(`its elements are of type ${descr}, expected ${Object.keys(elements).join(", ")}`);
  const [name, element] = found;
  const type = name === "int64" ? "int32" : (name as NpyType);
  const count = shape.reduce((product, length) => product * length, 1);
  if (count < 1 || count > limit) throw new Error(`it has ${count} elements, expected 1 to ${limit}`);
  const stored = bytes.length - start;
  if (stored !== count * element.bytes)
    throw new Error(`it holds ${stored} bytes of data, its header says ${count * element.bytes}`);
  const data = element.make(count);
  const place = fortran ? rowMajor(shape) : (i: number) => i;
  const little = order !== ">";
  for (let i = 0; i < count; i++) data[place(i)] = element.read(view, start + i * element.bytes, little);
  return { shape, type, data };
}

function headerOf(bytes: Uint8Array, view: DataView): { header: string; start: number } {
  const magic = [0x93, ...Buffer.from("NUMPY", "latin1")];
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte)) throw new Error("not a .npy file");
  const version = bytes[6]!;
  if (version < 1 || version > 3) throw new Error(`version ${version} of the format is not known`);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const begin = version === 1 ? 10 : 12;
  if (length > longestHeader || begin + length > bytes.length) throw new Error("its header is damaged");
  return {
    header: Buffer.from(bytes.subarray(begin, begin + length)).toString("latin1"),
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
