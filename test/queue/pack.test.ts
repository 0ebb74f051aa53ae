/** Messages as bytes: what goes in comes out bit by bit, and damaged bytes are refused. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeawallError } from "../../src/base/index.js";
import { packIntegers, packMessage, unpackMessage } from "../../src/queue/index.js";

const arrays = fc.record({
  bytes: fc.uint8Array(),
  signed: fc.int8Array(),
  shorts: fc.int16Array(),
  words: fc.uint16Array(),
  longs: fc.int32Array(),
  floats: fc.float32Array(),
});

describe("pack", () => {
  it("keeps JSON and every bit of the arrays", () => {
    fc.assert(
      fc.property(fc.jsonValue(), arrays, (head, arrays) => {
        const bytes = packMessage({ head, arrays });
        // A Buffer is part of a larger piece of memory, as those from a server are.
        const read = unpackMessage(Buffer.concat([Buffer.alloc(3), bytes]).subarray(3), "a test");
        expect(read.head).toEqual(JSON.parse(JSON.stringify(head)));
        for (const [name, array] of Object.entries(arrays)) {
          expect(read.arrays[name]).toBeInstanceOf(array.constructor);
          expect(new Uint8Array(read.arrays[name]!.buffer)).toEqual(
            new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
          );
        }
      }),
      { numRuns: 50 },
    );
  });

  it("keeps the bits of NaN, −0 and the smallest numbers", () => {
    const values = new Float32Array(new Uint32Array([0x7fc01234, 0x80000000, 1, 0x7f800000]).buffer);
    const { values: read } = unpackMessage(packMessage({ head: null, arrays: { values } }), "a test").arrays;
    expect(new Uint32Array(read!.buffer)).toEqual(new Uint32Array(values.buffer));
  });

  it("refuses bytes that are cut off, longer, or say something else of themselves", () => {
    const bytes = packMessage({ head: { a: 1 }, arrays: { floats: Float32Array.of(1, 2, 3) } });
    const refused = (changed: Uint8Array) =>
      expect(() => unpackMessage(changed, "a test")).toThrow(SeawallError);
    for (let length = 0; length < bytes.length; length++) refused(bytes.subarray(0, length));
    refused(Buffer.concat([bytes, Buffer.alloc(1)]));
    const text = Buffer.from(bytes).toString("latin1");
    for (const [from, to] of [
      ['"length":3', '"length":9'],
      ['"length":3', '"length":-'],
      ['"float32"', '"toStrin"'],
      ['"floats"', '"__pro_"'],
      ["{", "["],
    ])
      refused(Buffer.from(text.replace(from!, to!), "latin1"));
  });

  it("does not fall over whatever bytes come", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => unpackMessage(bytes, "a test")).toThrow(SeawallError);
      }),
      { numRuns: 200 },
    );
  });

  it("stores integers in the smallest type that holds them", () => {
    const typeOf = (...values: number[]) => packIntegers(values).constructor.name;
    expect(typeOf(0, 255)).toBe("Uint8Array");
    expect(typeOf(-1, 127)).toBe("Int8Array");
    expect(typeOf(-1, 128)).toBe("Int16Array");
    expect(typeOf(0, 256)).toBe("Uint16Array");
    expect(typeOf(-1, 40000)).toBe("Int32Array");
  });
});
