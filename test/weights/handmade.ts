/** Pickles, torch files and zips written byte by byte, for files that no honest program would write. */
import { zipSync } from "fflate";

type Bytes = readonly number[];
const ascii = (text: string): Bytes => [...text].map((c) => c.charCodeAt(0));
const little = (value: number | bigint, length: number): Bytes =>
  Array.from({ length }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));

/** Opcodes, named as in Python's pickletools. */
export const op = {
  proto: (version = 2): Bytes => [0x80, version],
  stop: ascii("."),
  none: ascii("N"),
  no: [0x89] as Bytes,
  mark: ascii("("),
  tuple: ascii("t"),
  tuple1: [0x85] as Bytes,
  emptyTuple: ascii(")"),
  emptyList: ascii("]"),
  emptyDict: ascii("}"),
  append: ascii("a"),
  appends: ascii("e"),
  setItem: ascii("s"),
  setItems: ascii("u"),
  reduce: ascii("R"),
  newObject: [0x81] as Bytes,
  build: ascii("b"),
  persistent: ascii("Q"),
  pop: ascii("0"),
  global: (module: string, name: string): Bytes => ascii(`c${module}\n${name}\n`),
  stackGlobal: [0x93] as Bytes,
  inst: (module: string, name: string): Bytes => ascii(`i${module}\n${name}\n`),
  put: (index: number): Bytes => [...ascii("r"), ...little(index, 4)],
  get: (index: number): Bytes => [...ascii("j"), ...little(index, 4)],
  text: (text: string): Bytes => {
    const bytes = new TextEncoder().encode(text);
    return [...ascii("X"), ...little(bytes.length, 4), ...bytes];
  },
  bytes: (bytes: Bytes): Bytes => [...ascii("B"), ...little(bytes.length, 4), ...bytes],
  integer: (value: number | bigint): Bytes => [0x8a, 11, ...little(BigInt.asUintN(88, BigInt(value)), 11)],
} as const;

/** A pickle of protocol 2 made of parts, with PROTO and STOP. */
export function pickle(...parts: readonly Bytes[]): Uint8Array {
  return Uint8Array.from([op.proto(), ...parts, op.stop].flat());
}

/** A tuple of values. */
export function tuple(...items: readonly Bytes[]): Bytes {
  return [op.mark, ...items, op.tuple].flat();
}

/** A dictionary with texts as keys. */
export function dict(
  entries: Readonly<Record<string, Bytes>> | readonly (readonly [string, Bytes])[],
): Bytes {
  const pairs = Array.isArray(entries) ? entries : Object.entries(entries);
  return [
    op.emptyDict,
    op.mark,
    ...pairs.flatMap(([key, value]) => [op.text(key), value]),
    op.setItems,
  ].flat();
}

/** The persistent id of a storage, and the storage. */
export function storage(key: string, length: number | bigint, kind = "FloatStorage"): Bytes {
  const id = [op.text("storage"), op.global("torch", kind), op.text(key), op.text("cpu"), op.integer(length)];
  return [...tuple(...id), ...op.persistent];
}

/** A tensor as torch writes it. */
export function tensor(
  of: Bytes,
  offset: number,
  dims: readonly number[],
  strides: readonly number[],
): Bytes {
  const shape = tuple(...dims.map(op.integer));
  const steps = tuple(...strides.map(op.integer));
  const hooks = [...op.global("collections", "OrderedDict"), ...op.emptyTuple, ...op.reduce];
  const args = tuple(of, op.integer(offset), shape, steps, op.no, hooks);
  return [...op.global("torch._utils", "_rebuild_tensor_v2"), ...args, ...op.reduce];
}

/** A torch zip of a pickle, storages and other records. */
export function torchZip(
  data: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
  more: Readonly<Record<string, Uint8Array>> = {},
  level: 0 | 9 = 0,
): Uint8Array {
  const records = Object.entries(storages).map(([key, bytes]) => [`archive/data/${key}`, bytes] as const);
  return zipSync({ "archive/data.pkl": data, ...Object.fromEntries(records), ...more }, { level });
}

/** A file of torch's old format around a pickle; each storage is [key, length in elements, bytes]. */
export function torchLegacy(
  data: Uint8Array,
  storages: readonly (readonly [string, number, Uint8Array])[] = [],
  machine = dict({ little_endian: [0x88] }),
): Uint8Array {
  const parts = [
    pickle(op.integer(0x1950a86a20f9469cfc6cn)),
    pickle(op.integer(1001)),
    pickle(machine),
    data,
    pickle(op.emptyList, op.mark, ...storages.map(([key]) => op.text(key)), op.appends),
    ...storages.flatMap(([, length, bytes]) => [Uint8Array.from(little(length, 8)), bytes]),
  ];
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** The bytes of float32 numbers. */
export function floats(...numbers: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(numbers).buffer);
}

/** A safetensors file made of a header, as JSON text, and data. */
export function safetensorsFile(header: string, data: Bytes | Uint8Array = [], length?: bigint): Uint8Array {
  const text = new TextEncoder().encode(header);
  return Uint8Array.from([...little(length ?? text.length, 8), ...text, ...data]);
}
