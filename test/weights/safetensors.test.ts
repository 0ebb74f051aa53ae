/** Reading and writing safetensors files. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrayConstructors, type DataType, sizeOf, type Tensor } from "../../src/base/index.js";
import { readSafetensors, writeSafetensors } from "../../src/weights/index.js";
import { described, expected, golden } from "./golden.js";
import { safetensorsFile } from "./handmade.js";

type NumericType = Exclude<DataType, "string">;
const types = Object.keys(arrayConstructors) as NumericType[];

const anyTensor: fc.Arbitrary<Tensor> = fc
  .record({
    type: fc.constantFrom(...types),
    dims: fc.array(fc.nat(4), { maxLength: 3 }),
    seed: fc.nat(255),
  })
  .map(({ type, dims, seed }) => {
    const byteLength = sizeOf(dims) * arrayConstructors[type].BYTES_PER_ELEMENT;
    const bytes = Uint8Array.from(
      { length: byteLength },
      (_, i) => (seed + 7 * i) % (type === "bool" ? 2 : 256),
    );
    return { type, dims, data: new arrayConstructors[type](bytes.buffer) };
  });

const header = (fields: unknown) => JSON.stringify(fields);
const entry = (shape: unknown, data_offsets: unknown, dtype: unknown = "U8") => ({
  dtype,
  shape,
  data_offsets,
});
const reading =
  (fields: unknown, data: readonly number[] = []) =>
  () =>
    readSafetensors(safetensorsFile(header(fields), data));

describe("readSafetensors", () => {
  it("reads unaligned data and metadata", () => {
    const { tensors, metadata } = readSafetensors(golden("unaligned.safetensors"));
    expect(described(tensors)).toEqual(expected["unaligned.safetensors"]);
    expect([...metadata]).toEqual([
      ["format", "pt"],
      ["note", "größe"],
    ]);
  });

  it("reads every element type", () => {
    expect(described(readSafetensors(golden("types.safetensors")).tensors)).toEqual(
      expected["types.safetensors"],
    );
  });

  it("does not copy aligned data", () => {
    const bytes = writeSafetensors(
      new Map([["a", { type: "float32", dims: [2], data: Float32Array.of(1, 2) }]]),
    );
    const { data } = readSafetensors(bytes).tensors.get("a")!;
    expect((data as Float32Array).buffer).toBe(bytes.buffer);
  });

  it("takes names such as __proto__ for names", () => {
    const file = safetensorsFile('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [5]);
    expect([...readSafetensors(file).tensors.keys()]).toEqual(["__proto__"]);
  });

  it("refuses headers that are none", () => {
    expect(() => readSafetensors(new Uint8Array(7))).toThrow("truncated");
    expect(() => readSafetensors(safetensorsFile("{}", [], 2n ** 63n))).toThrow(
      "a header of 9223372036854776000",
    );
    expect(() => readSafetensors(safetensorsFile("{}", [], 3n))).toThrow("truncated");
    expect(() => readSafetensors(safetensorsFile(" {}"))).toThrow("does not begin with {");
    expect(() => readSafetensors(safetensorsFile("{"))).toThrow("not JSON");
    expect(() => readSafetensors(safetensorsFile(`{"a":${"[".repeat(200_000)}`))).toThrow("not JSON");
  });

  it("refuses entries that are incomplete or of another kind", () => {
    expect(reading({ a: 1 })).toThrow('tensor "a": its entry must have dtype, shape and data_offsets');
    expect(reading({ a: { dtype: "U8", shape: [] } })).toThrow("data_offsets");
    expect(reading({ a: entry([-1], [0, 1]) }, [0])).toThrow(
      "a shape has the entry -1; expected whole numbers from 0 up",
    );
    expect(reading({ a: entry([0.5], [0, 1]) }, [0])).toThrow(
      "a shape has the entry 0.5; expected whole numbers from 0 up",
    );
    expect(reading({ a: entry(["1"], [0, 1]) }, [0])).toThrow(
      "a shape has the entry string; expected whole numbers from 0 up",
    );
    expect(reading({ a: entry(new Array(1_000_000).fill(""), [0, 1]) }, [0])).toThrow("1000000 axes");
    expect(reading({ a: entry([1], [0, 1, 2]) }, [0])).toThrow("data_offsets");
    expect(reading({ a: entry([1], [0, 1], "F8_E4M3") }, [0])).toThrow(
      'is of type "F8_E4M3"; read are F64 F32',
    );
    expect(reading({ a: entry(new Array(65).fill(1), [0, 1]) }, [0])).toThrow("65 axes");
    expect(reading({ __metadata__: { a: 1 } })).toThrow('__metadata__ "a" is not a text');
    expect(reading({ __metadata__: [] })).toThrow("__metadata__ is not an object");
  });

  it("refuses sizes that do not match, holes, overlaps and ends elsewhere", () => {
    expect(reading({ a: entry([2], [0, 1]) }, [0])).toThrow("needs 2 bytes, not 1");
    expect(reading({ a: entry([2 ** 30, 2 ** 30], [0, 1]) }, [0])).toThrow("more elements than any file");
    expect(reading({ a: entry([1], [1, 0]) }, [0])).toThrow("needs 1 bytes, not -1");
    expect(reading({ a: entry([1], [1, 2]) }, [0, 0])).toThrow("leaves a gap before it");
    expect(reading({ a: entry([2], [0, 2]), b: entry([2], [1, 3]) }, [0, 0, 0])).toThrow("overlaps another");
    expect(reading({ a: entry([1], [0, 1]), b: entry([1], [0, 1]) }, [0])).toThrow("overlaps another");
    expect(reading({ a: entry([1], [0, 1]) }, [0, 0])).toThrow("take 1 bytes of data, the file holds 2");
    expect(reading({ a: entry([2], [0, 2]) }, [0])).toThrow("the file holds 1");
    expect(reading({ a: entry([1], [0, 1], "BOOL") }, [7])).toThrow("7 instead of 0 or 1");
  });
});

describe("writeSafetensors", () => {
  it("writes what is read back, bit for bit", () => {
    const tensors = fc.uniqueArray(fc.tuple(fc.string({ unit: "binary" }), anyTensor), {
      selector: ([name]) => name,
    });
    const texts = fc.array(fc.tuple(fc.string(), fc.string()));
    fc.assert(
      fc.property(tensors, texts, (pairs, metadata) => {
        const read = readSafetensors(writeSafetensors(new Map(pairs), new Map(metadata)));
        const byName = (map: ReadonlyMap<string, Tensor>) =>
          new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
        expect(described(byName(read.tensors))).toEqual(described(byName(new Map(pairs))));
        expect(Object.fromEntries(read.metadata)).toEqual(Object.fromEntries(metadata));
      }),
    );
  });

  it("gives the same bytes for the same tensors in any order", () => {
    const pairs = fc.uniqueArray(fc.tuple(fc.string(), anyTensor), { selector: ([name]) => name });
    fc.assert(
      fc.property(pairs, (tensors) => {
        expect(writeSafetensors(new Map(tensors.toReversed()))).toEqual(writeSafetensors(new Map(tensors)));
      }),
    );
  });

  it("begins its data at a multiple of 8", () => {
    const bytes = writeSafetensors(new Map([["odd", { type: "uint8", dims: [1], data: Uint8Array.of(1) }]]));
    expect((bytes.length - 1) % 8).toBe(0);
  });

  it("refuses what the format cannot hold", () => {
    const texts: Tensor = { type: "string", dims: [1], data: ["a"] };
    expect(() => writeSafetensors(new Map([["t", texts]]))).toThrow("holds texts");
    const one: Tensor = { type: "uint8", dims: [1], data: Uint8Array.of(1) };
    expect(() => writeSafetensors(new Map([["__metadata__", one]]))).toThrow("cannot be named");
    expect(() => writeSafetensors(new Map([["a", { ...one, dims: [2] }]]))).toThrow("internal:");
  });
});
