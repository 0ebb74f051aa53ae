/** What keeps hostile files harmless: checked reading, limits, sizes of shapes, and messages that cannot deceive. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeawallError } from "../../src/base/index.js";
import { Cursor } from "../../src/weights/guard/cursor.js";
import { checkedSize, elementBytes, elementView } from "../../src/weights/guard/elements.js";
import { Budget, limits } from "../../src/weights/guard/limits.js";
import { inFile, quoteUntrusted, refuseFile } from "../../src/weights/guard/refuse.js";

describe("Cursor", () => {
  const bytes = fc.uint8Array({ minLength: 24, maxLength: 40 });

  it("reads the numbers that Node's Buffer reads", () => {
    fc.assert(
      fc.property(bytes, (list) => {
        const [cursor, buffer] = [new Cursor(list), Buffer.from(list)];
        expect(cursor.byte()).toBe(buffer.readUInt8(0));
        expect(cursor.uint16()).toBe(buffer.readUInt16LE(1));
        expect(cursor.int32()).toBe(buffer.readInt32LE(3));
        expect(cursor.uint32()).toBe(buffer.readUInt32LE(7));
        expect(cursor.uint64()).toBe(Number(buffer.readBigUInt64LE(11)));
        expect(cursor.remaining).toBe(list.length - 19);
      }),
    );
  });

  it("reads floats of the other byte order", () => {
    const buffer = Buffer.alloc(8);
    buffer.writeDoubleBE(-Math.PI);
    expect(new Cursor(buffer).float64BigEndian()).toBe(-Math.PI);
  });

  it("stays inside the part of a larger buffer that it was given", () => {
    const whole = Uint8Array.of(9, 1, 2, 9, 9, 9, 9, 9, 9);
    const cursor = new Cursor(whole.subarray(1, 3));
    expect(cursor.uint16()).toBe(0x0201);
    expect(() => cursor.byte()).toThrow("1 more bytes are expected at byte 2, but only 0 are left");
  });

  it("does not move when a read fails", () => {
    const cursor = new Cursor(Uint8Array.of(1, 2, 3));
    cursor.byte();
    for (const read of [
      () => cursor.uint32(),
      () => cursor.uint64(),
      () => cursor.take(3),
      () => cursor.take(Number.NaN),
    ])
      expect(read).toThrow(SeawallError);
    expect(cursor.position).toBe(1);
    expect(cursor.uint16()).toBe(0x0302);
  });

  it("gives views of its bytes, and texts up to the line end without it", () => {
    const list = Buffer.from("ab\ncd\n");
    const cursor = new Cursor(list);
    expect([cursor.line(), cursor.line(), cursor.remaining]).toEqual(["ab", "cd", 0]);
    cursor.position = 0;
    expect(cursor.take(2).buffer).toBe(list.buffer);
  });

  it("reads Latin-1 longer than a call has arguments, byte for byte", () => {
    const list = Uint8Array.from({ length: 300_000 }, (_, i) => i % 256);
    const text = new Cursor(list).latin1(list.length);
    expect(text).toHaveLength(300_000);
    expect([0, 127, 128, 159, 255, 299_999].map((i) => text.charCodeAt(i))).toEqual([
      0,
      127,
      128,
      159,
      255,
      299_999 % 256,
    ]);
  });
});

describe("checkedSize", () => {
  it("is the product, 1 for a scalar and 0 with an empty axis", () => {
    expect([checkedSize([]), checkedSize([3, 4]), checkedSize([7, 0, 2])]).toEqual([1, 12, 0]);
    expect(checkedSize([2 ** 26, 2 ** 26])).toBe(2 ** 52);
  });

  it("refuses everything else that JSON can hold, without repeating it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (entry) => {
        fc.pre(!(Number.isSafeInteger(entry) && (entry as number) >= 0));
        expect(() => checkedSize([2, entry])).toThrow(
          /a shape has the entry .{1,40}; expected whole numbers from 0 up/,
        );
      }),
    );
    const long = "x".repeat(10_000);
    expect(() => checkedSize([long])).toThrow("a shape has the entry string;");
  });

  it("refuses products that are not exact, even where a later axis is empty", () => {
    expect(() => checkedSize([2 ** 27, 2 ** 27])).toThrow("has more elements than any file");
    expect(() => checkedSize(Array(65).fill(1))).toThrow(`65 axes, more than the ${limits.axes} allowed`);
    expect(checkedSize(Array(64).fill(1))).toBe(1);
  });
});

describe("elementView", () => {
  it("is a view where the bytes are aligned, and a copy with the same values elsewhere", () => {
    const bytes = new Uint8Array(20);
    new DataView(bytes.buffer).setFloat32(4, 1.5, true);
    new DataView(bytes.buffer).setFloat32(9, -2.5, true);
    const aligned = elementView("float32", bytes.subarray(4, 8));
    expect([[...aligned], aligned.buffer]).toEqual([[1.5], bytes.buffer]);
    const copied = elementView("float32", bytes.subarray(9, 13));
    expect([...copied]).toEqual([-2.5]);
    expect(copied.buffer).not.toBe(bytes.buffer);
  });

  it("knows the size of each type", () => {
    const sizes = {
      bool: 1,
      int8: 1,
      uint8: 1,
      float16: 2,
      bfloat16: 2,
      int16: 2,
      float32: 4,
      int32: 4,
      float64: 8,
      int64: 8,
    } as const;
    for (const [type, size] of Object.entries(sizes))
      expect(elementBytes(type as keyof typeof sizes), type).toBe(size);
  });

  it("refuses a bool of 2", () => {
    expect([...elementView("bool", Uint8Array.of(0, 1, 1))]).toEqual([0, 1, 1]);
    expect(() => elementView("bool", Uint8Array.of(0, 2))).toThrow(
      "a bool has the value 2 instead of 0 or 1",
    );
  });
});

describe("Budget", () => {
  it("allows exactly its limit, and not one unit more", () => {
    const budget = new Budget(10, "bytes");
    for (const amount of [4, 0, 6]) budget.spend(amount);
    expect(() => budget.spend(1)).toThrow("needs more than 10 bytes, which no valid file of its size does");
    expect(() => new Budget(10, "bytes").spend(11)).toThrow(SeawallError);
  });
});

describe("quoteUntrusted", () => {
  it("gives one line without control or direction marks, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const quoted = quoteUntrusted(text);
        // Control characters and those that change the direction or the line of text.
        expect(quoted).not.toMatch(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
        expect(quoted.startsWith('"') && quoted.endsWith('"')).toBe(true);
      }),
    );
  });

  it("says of a short text exactly what it is, and cuts a long one", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        fc.pre(text.length <= 100);
        expect(JSON.parse(quoteUntrusted(text))).toBe(text);
      }),
    );
    expect(JSON.parse(quoteUntrusted("a".repeat(101)))).toBe(`${"a".repeat(100)}…`);
  });
});

describe("inFile", () => {
  it("puts the file's name in front of a refusal, and keeps code and cause", () => {
    const refused = () => inFile("a.pth", () => refuseFile("is odd"));
    expect(refused).toThrow(expect.objectContaining({ code: "weights", message: "a.pth: is odd" }));
  });

  it("leaves other errors and results alone", () => {
    const bug = new TypeError("x is undefined");
    expect(() =>
      inFile("a.pth", () => {
        throw bug;
      }),
    ).toThrow(bug);
    expect(inFile("a.pth", () => 5)).toBe(5);
  });
});
