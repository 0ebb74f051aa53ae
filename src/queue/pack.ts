/** Messages as bytes: JSON and arrays of numbers. Reading one runs nothing and trusts nothing that it says of itself. */
import { messageOf, SeawallError } from "../base/index.js";

/** The element types that a message may hold. */
const packedTypes = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  float32: Float32Array,
} as const;

type PackedType = keyof typeof packedTypes;
export type PackedArray = Uint8Array | Int8Array | Uint16Array | Int16Array | Int32Array | Float32Array;

export interface Packed {
  /** Anything that JSON can hold. */
  readonly head: unknown;
  readonly arrays: Readonly<Record<string, PackedArray>>;
}

/** Every array begins at a multiple of this many bytes, so that it can be read in place. */
const alignment = 8;

const aligned = (length: number) => Math.ceil(length / alignment) * alignment;

/**
 * Four bytes with the length of a JSON text, the text, and the elements of each array. Numbers are little-endian, as on
 * every machine that the engine runs on.
 */
export function packMessage({ head, arrays }: Packed): Uint8Array {
  const entries = Object.entries(arrays);
  const listed = entries.map(([name, array]) => ({ name, type: typeOf(array), length: array.length }));
  const text = new TextEncoder().encode(JSON.stringify({ head, arrays: listed }));
  const start = aligned(4 + text.length);
  const bytes = new Uint8Array(entries.reduce((sum, [, array]) => sum + aligned(array.byteLength), start));
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 4);
  let at = start;
  for (const [, array] of entries) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += aligned(array.byteLength);
  }
  return bytes;
}

/**
 * The message that `packMessage` made these bytes of. Its arrays are copies.
 * @param what names the message in errors
 * @throws SeawallError `data` for bytes that are no such message
 */
export function unpackMessage(bytes: Uint8Array, what: string): Packed {
  const refuse = (problem: string): never => {
    throw new SeawallError("data", `${what}: ${problem}; who else writes to this queue?`);
  };
  if (bytes.length < 4) return refuse(`${bytes.length} bytes are no message`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (length > bytes.length - 4) return refuse(`its head of ${length} bytes is cut off`);
  const { head, arrays: listed } = parseHead(bytes.subarray(4, 4 + length), refuse);
  const arrays: Record<string, PackedArray> = {};
  let at = aligned(4 + length);
  for (const { name, type, length } of listed) {
    const elements = packedTypes[type];
    const size = length * elements.BYTES_PER_ELEMENT;
    if (size > bytes.length - at) refuse(`its array "${name}" of ${length} numbers is cut off`);
    arrays[name] = new elements(new Uint8Array(bytes.subarray(at, at + size)).buffer);
    at += aligned(size);
  }
  if (at !== bytes.length) refuse(`${bytes.length} bytes; its head speaks of ${at}`);
  return { head, arrays };
}

interface ListedArray {
  readonly name: string;
  readonly type: PackedType;
  readonly length: number;
}

function parseHead(
  text: Uint8Array,
  refuse: (problem: string) => never,
): { readonly head: unknown; readonly arrays: readonly ListedArray[] } {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch (error) {
    return refuse(`its head is not JSON (${messageOf(error)})`);
  }
  const { head, arrays } = (value ?? {}) as { head?: unknown; arrays?: unknown };
  return Array.isArray(arrays) && arrays.every(isListed)
    ? { head, arrays }
    : refuse("its head does not list its arrays");
}

function isListed(value: unknown): value is ListedArray {
  const { name, type, length } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof name === "string" &&
    /^[a-z]\w{0,99}$/i.test(name) &&
    typeof type === "string" &&
    Object.hasOwn(packedTypes, type) &&
    Number.isSafeInteger(length) &&
    (length as number) >= 0
  );
}

function typeOf(array: PackedArray): PackedType {
  return (Object.keys(packedTypes) as PackedType[]).find((type) => array instanceof packedTypes[type])!;
}

/** Integers in the smallest type that holds them all: a byte each, two or four. */
export function packIntegers(values: ArrayLike<number>): PackedArray {
  let [least, most] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const fits = (bits: number) => least >= -(2 ** (bits - 1)) && most < 2 ** (bits - 1);
  if (least >= 0 && most < 2 ** 8) return new Uint8Array(values);
  if (fits(8)) return new Int8Array(values);
  if (least >= 0 && most < 2 ** 16) return new Uint16Array(values);
  return fits(16) ? new Int16Array(values) : new Int32Array(values);
}
