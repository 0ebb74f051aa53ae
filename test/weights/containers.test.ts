/** Invalid containers of torch files, both zip and legacy. */
import { describe, expect, it } from "vitest";
import { numbersOf, type Tensor } from "../../src/base/index.js";
import { readTorch } from "../../src/weights/index.js";
import { dict, floats, op, pickle, storage, tensor, torchLegacy, torchZip } from "./handmade.js";

const weight = pickle(tensor(storage("0", 4), 0, [2, 2], [1, 2]));
const four = floats(1, 2, 3, 4);
const text = (content: string) => new TextEncoder().encode(content);

/** Writes `value` as 4 bytes, `offset` bytes after each occurrence of `signature`. */
function patched(file: Uint8Array, signature: string, offset: number, value: number, nth = 0): Uint8Array {
  const bytes = Buffer.from(file);
  let at = -1;
  for (let i = 0; i <= nth; i++) at = bytes.indexOf(Buffer.from(signature, "latin1"), at + 1);
  expect(at).toBeGreaterThanOrEqual(0);
  bytes.writeUInt32LE(value, at + offset);
  return bytes;
}

const [directoryEntry, directoryEnd] = ["PK\u0001\u0002", "PK\u0005\u0006"];

describe("zip", () => {
  const file = torchZip(weight, { "0": four });

  it("is read when it is right", () => {
    expect(numbersOf(readTorch(file) as Tensor)).toEqual([1, 3, 2, 4]);
    const marked = torchZip(
      weight,
      { "0": four },
      { "archive/byteorder": text("little"), "archive/.x/y": four },
    );
    expect(numbersOf(readTorch(marked) as Tensor)).toEqual([1, 3, 2, 4]);
  });

  it("refuses big-endian files", () => {
    const big = torchZip(weight, { "0": four }, { "archive/byteorder": text("big") });
    expect(() => readTorch(big)).toThrow('byte order "big"; only "little" is supported');
  });

  it("refuses compressed records before inflating them", () => {
    const bomb = torchZip(weight, { "0": new Uint8Array(50_000_000) }, {}, 9);
    expect(bomb.length).toBeLessThan(100_000);
    expect(() => readTorch(bomb)).toThrow("is compressed");
  });

  it("refuses sizes beyond the file", () => {
    for (const size of [5000, 0x7fffffff, 0xffffffff]) {
      const claimed = patched(patched(file, directoryEntry, 20, size, 1), directoryEntry, 24, size, 1);
      expect(() => readTorch(claimed)).toThrow(/records claim/);
    }
    expect(() => readTorch(patched(file, directoryEntry, 24, 5000, 1))).toThrow("is compressed");
  });

  it("refuses records that run out of the file or lie over each other", () => {
    expect(() => readTorch(patched(file, directoryEntry, 42, file.length - 40, 1))).toThrow(
      "ends beyond the file",
    );
    const many = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`${i}`, floats(...new Array(64).fill(i))]),
    );
    let overlapping = torchZip(weight, many);
    for (let i = 2; i <= 200; i++) {
      overlapping = patched(
        patched(overlapping, directoryEntry, 20, 20_000, i),
        directoryEntry,
        24,
        20_000,
        i,
      );
      overlapping = patched(overlapping, directoryEntry, 42, 0, i);
    }
    expect(() => readTorch(overlapping)).toThrow(/records claim/);
  });

  it("refuses a directory that claims more entries than it has", () => {
    expect(() => readTorch(patched(file, directoryEnd, 8, 0xffffffff))).toThrow("more entries than fit");
  });

  it("refuses records of two archives, records twice and no pickle", () => {
    expect(() => readTorch(torchZip(weight, {}, { "other/data.pkl": weight }))).toThrow("two archives");
    const twice = Buffer.from(torchZip(weight, { "0": four, "1": four }));
    const last = twice.lastIndexOf("archive/data/1");
    twice.write("archive/data/0", last);
    expect(() => readTorch(twice)).toThrow('record "archive/data/0" appears twice');
    expect(() => readTorch(torchZip(weight, {}).subarray(0, 60))).toThrow("zip directory cannot be read");
  });

  it("says what other zips are", () => {
    const script = torchZip(weight, {}, { "archive/constants.pkl": weight });
    expect(() => readTorch(script)).toThrow("a TorchScript archive");
    const other = Buffer.from(
      Buffer.from(file).toString("latin1").replaceAll("data.pkl", "data.txt"),
      "latin1",
    );
    expect(() => readTorch(other)).toThrow("a zip without data.pkl");
  });

  it("refuses bytes after the end of the pickle", () => {
    const longer = Uint8Array.from([...weight, 0]);
    expect(() => readTorch(torchZip(longer, { "0": four }))).toThrow("1 bytes follow the end");
  });
});

describe("legacy", () => {
  it("is read when it is right", () => {
    expect(numbersOf(readTorch(torchLegacy(weight, [["0", 4, four]])) as Tensor)).toEqual([1, 3, 2, 4]);
  });

  it("refuses other pickles, versions and machines", () => {
    expect(() => readTorch(pickle(dict({ a: op.none })))).toThrow(
      "not written by torch.save, although it is a pickle",
    );
    const big = torchLegacy(weight, [["0", 4, four]], dict({ little_endian: op.no }));
    expect(() => readTorch(big)).toThrow("big-endian machine");
    const file = Buffer.from(torchLegacy(weight, [["0", 4, four]]));
    file.writeUInt8(1, 2 + 2 + 11 + 1 + 2 + 2);
    expect(() => readTorch(file)).toThrow("version 769 of torch's old format");
  });

  it("refuses storages that do not match the tensors", () => {
    expect(() => readTorch(torchLegacy(weight))).toThrow('storage "0" is missing');
    expect(() => readTorch(torchLegacy(weight, [["0", 3, four]]))).toThrow("has 3 elements");
    expect(() => readTorch(torchLegacy(weight, [["1", 4, four]]))).toThrow("does not match its tensors");
    const twice = torchLegacy(weight, [
      ["0", 4, four],
      ["0", 4, four],
    ]);
    expect(() => readTorch(twice)).toThrow("does not match its tensors");
    expect(() => readTorch(torchLegacy(weight, [["0", 4, four.subarray(1)]]))).toThrow("truncated");
  });
});
