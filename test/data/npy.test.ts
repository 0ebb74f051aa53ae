/** NumPy files: read as NumPy writes them, and refused without being believed. */
import { describe, expect, it } from "vitest";
import { type NpyType, npyFile, readNpy } from "../../src/data/formats/npy.js";
import { npy } from "./pixels.js";

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const numbers = [1, 2, 3, 4, 5, 6];

describe("a .npy file", () => {
  it.each<[NpyType, string, ArrayBufferView]>([
    ["bool", "|b1", Uint8Array.from(numbers)],
    ["uint8", "|u1", Uint8Array.from(numbers)],
    ["int8", "|i1", Int8Array.from(numbers)],
    ["uint16", "<u2", Uint16Array.from(numbers)],
    ["int16", "<i2", Int16Array.from(numbers)],
    ["int32", "<i4", Int32Array.from(numbers)],
    ["uint32", "<u4", Uint32Array.from(numbers)],
    ["int32", "<i8", BigInt64Array.from(numbers, BigInt)],
    ["float32", "<f4", Float32Array.from(numbers)],
    ["float64", "<f8", Float64Array.from(numbers)],
  ])("of %s", (type, descr, array) => {
    const read = readNpy(npy(bytesOf(array), { descr }), 100);
    expect(read.type).toBe(type);
    expect(read.shape).toEqual([2, 3]);
    expect([...read.data]).toEqual(numbers);
  });

  it("is written as NumPy writes it", () => {
    const floats = Float32Array.from([0, 1 / 3, -2, 1e-40, 5, 6]);
    expect(Buffer.from(npyFile([2, 3], floats)).equals(npy(floats, { descr: "<f4", shape: "2, 3," }))).toBe(
      true,
    );
    expect(readNpy(npyFile([6], floats), 6)).toEqual({ shape: [6], type: "float32", data: floats });
  });

  it("of 64-bit integers holds such as fit into 32", () => {
    const of = (value: bigint) =>
      readNpy(npy(bytesOf(BigInt64Array.of(value)), { descr: "<i8", shape: "1," }), 100);
    expect([...of(-(2n ** 31n)).data]).toEqual([-(2 ** 31)]);
    expect(() => of(2n ** 31n)).toThrow("it holds 2147483648, which does not fit into 32 bits");
  });

  it("in the other byte order", () => {
    const swapped = bytesOf(Uint16Array.from([0x0100, 0x0200]));
    expect([...readNpy(npy(swapped, { descr: ">u2", shape: "2," }), 100).data]).toEqual([1, 2]);
  });

  it("in column-major order becomes row-major", () => {
    // Columns (1, 4), (2, 5), (3, 6).
    const read = readNpy(npy(Uint8Array.of(1, 4, 2, 5, 3, 6), { fortran: true }), 100);
    expect([...read.data]).toEqual(numbers);
  });

  it("of three axes in column-major order", () => {
    const shape = [2, 3, 4];
    const stored = new Uint8Array(24);
    for (let i = 0; i < 2; i++)
      for (let j = 0; j < 3; j++)
        for (let k = 0; k < 4; k++) stored[i + 2 * (j + 3 * k)] = i * 12 + j * 4 + k;
    const read = readNpy(npy(stored, { fortran: true, shape: shape.join(", ") }), 100);
    expect([...read.data]).toEqual(Array.from({ length: 24 }, (_, i) => i));
  });

  it("of version 2", () => {
    expect([...readNpy(npy(Uint8Array.from(numbers), { version: 2 }), 100).data]).toEqual(numbers);
  });

  const data = Uint8Array.from(numbers);
  it.each<[string, Uint8Array, RegExp]>([
    ["another file", Uint8Array.of(1, 2, 3), /not a \.npy file/],
    ["one without data", npy(new Uint8Array(0)), /holds 0 bytes of data, its header says 6/],
    ["one with data left over", npy(Uint8Array.from([...numbers, 7])), /holds 7 bytes/],
    [
      "too many elements",
      npy(data, { shape: "1000000, 1000000" }),
      /1000000000000 elements, expected 1 to 100/,
    ],
    ["an empty array", npy(data, { shape: "0, 3" }), /0 elements/],
    ["objects, which NumPy would unpickle", npy(data, { descr: "|O" }), /header is not that of one array/],
    ["a structured array", npy(data, { header: "{'descr': [('a', '<f4')]}" }), /header is not that/],
    ["code in place of a header", npy(data, { header: "__import__('os').system('true')" }), /header is not/],
    ["strings", npy(data, { descr: "<U2" }), /header is not that of one array/],
    ["complex numbers", npy(data, { descr: "<c8" }), /elements are of type <c8/],
    ["too many axes", npy(data, { shape: "1,1,1,1,1,1,1,1,6" }), /not that of an image/],
    ["a header longer than the file", npy(data).subarray(0, 40), /header is damaged/],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => readNpy(bytes, 100)).toThrow(message);
  });

  it("refuses versions that do not exist", () => {
    const bytes = npy(data);
    bytes[6] = 9;
    expect(() => readNpy(bytes, 100)).toThrow(/version 9/);
  });
});
