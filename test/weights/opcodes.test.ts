/** The opcodes of pickle one by one: what each pushes, and what it refuses. */
import { describe, expect, it } from "vitest";
import { SeawallError } from "../../src/base/index.js";
import { Cursor } from "../../src/weights/guard/cursor.js";
import type { PickleHost } from "../../src/weights/pickle/machine.js";
import { opcodes } from "../../src/weights/pickle/opcodes.js";
import { unpickle } from "../../src/weights/pickle/pickle.js";
import { PickledObject, type PickleValue } from "../../src/weights/pickle/value.js";

/** A host that allows `lib.Thing`, and records what is asked of it. */
function hostOf(asked: unknown[] = []): PickleHost {
  return {
    allows: (global) => global === "lib.Thing",
    call: (global, args) => {
      asked.push(["call", global, args]);
      return new PickledObject(global, args);
    },
    build: (object, state) => {
      asked.push(["build", state]);
      (object as PickledObject).state = state;
    },
    persistent: (id) => {
      asked.push(["persistent", id]);
      return `storage ${String(id)}`;
    },
  };
}

/** Bytes of texts and numbers, one after another. */
const bytesOf = (...parts: readonly (string | number)[]) =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === "number" ? [part] : [...part].map((c) => c.charCodeAt(0)))),
  );

const read = (...parts: readonly (string | number)[]): PickleValue =>
  unpickle(new Cursor(bytesOf(...parts, ".")), hostOf());

function refusal(...parts: readonly (string | number)[]): string {
  try {
    unpickle(new Cursor(bytesOf(...parts)), hostOf());
  } catch (error) {
    expect(error).toBeInstanceOf(SeawallError);
    expect((error as SeawallError).code).toBe("weights");
    return (error as Error).message;
  }
  throw new Error("the pickle was read");
}

describe("constants and numbers", () => {
  it.each<[string, (string | number)[], PickleValue]>([
    ["NONE", ["N"], null],
    ["NEWTRUE", [0x88], true],
    ["NEWFALSE", [0x89], false],
    ["BININT", ["J", 0xfe, 0xff, 0xff, 0xff], -2],
    ["BININT at its end", ["J", 0xff, 0xff, 0xff, 0x7f], 2 ** 31 - 1],
    ["BININT1, unsigned", ["K", 200], 200],
    ["BININT2, little-endian", ["M", 0x02, 0x01], 258],
    ["INT", ["I-12\n"], -12],
    ["INT as True", ["I01\n"], true],
    ["INT as False", ["I00\n"], false],
    ["LONG with its letter", ["L123L\n"], 123],
    ["LONG beyond 2⁵³", ["L9007199254740993L\n"], 9007199254740993n],
    ["LONG1 of no byte is 0", [0x8a, 0], 0],
    ["LONG1, negative", [0x8a, 1, 0xff], -1],
    ["LONG1 whose sign needs a byte", [0x8a, 2, 0xff, 0x00], 255],
    ["LONG1 beyond 2⁵³", [0x8a, 8, 1, 0, 0, 0, 0, 0, 0x20, 0], 9007199254740993n],
    ["LONG4", [0x8b, 3, 0, 0, 0, 0x00, 0x00, 0x01], 65536],
    ["BINFLOAT, big-endian", ["G", 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], 1.5],
    ["BINFLOAT infinity", ["G", 0xff, 0xf0, 0, 0, 0, 0, 0, 0], Number.NEGATIVE_INFINITY],
  ])("%s", (_, parts, value) => {
    expect(read(...parts)).toBe(value);
  });

  it.each<[string, (string | number)[], RegExp]>([
    ["INT that is none", ["I1.5\n."], /an integer that is not a number; fetch or save the file again/],
    ["INT of nothing", ["I\n."], /not a number/],
    ["LONG of 101 digits", [`L${"9".repeat(101)}L\n.`], /not a number/],
    [
      "LONG1 of 65 bytes",
      [0x8a, 65, ...Array(65).fill(0), "."],
      /an integer of 65 bytes, more than the 64 allowed/,
    ],
    [
      "BININT cut short",
      ["J", 1, 2],
      /4 more bytes are expected at byte 1, but only 2 are left.*fetch or save it again/,
    ],
    ["INT without a line end", ["I12"], /no line end within 1000 bytes of byte 1/],
  ])("%s is refused", (_, parts, message) => {
    expect(refusal(...parts)).toMatch(message);
  });
});

describe("texts and bytes", () => {
  it.each<[string, (string | number)[], PickleValue]>([
    ["BINSTRING is Latin-1", ["T", 2, 0, 0, 0, 0xe9, 0x80], "é\u0080"],
    ["SHORT_BINSTRING", ["U", 1, 0xff], "ÿ"],
    ["BINUNICODE is UTF-8", ["X", 3, 0, 0, 0, 0xe2, 0x82, 0xac], "€"],
    ["SHORT_BINUNICODE", [0x8c, 2, "ab"], "ab"],
    ["BINUNICODE8", [0x8d, 1, 0, 0, 0, 0, 0, 0, 0, "z"], "z"],
    ["an empty text", [0x8c, 0], ""],
  ])("%s", (_, parts, value) => {
    expect(read(...parts)).toBe(value);
  });

  it.each<[string, (string | number)[]]>([
    ["BINBYTES", ["B", 2, 0, 0, 0, 7, 8]],
    ["SHORT_BINBYTES", ["C", 2, 7, 8]],
    ["BINBYTES8", [0x8e, 2, 0, 0, 0, 0, 0, 0, 0, 7, 8]],
    ["BYTEARRAY8", [0x96, 2, 0, 0, 0, 0, 0, 0, 0, 7, 8]],
  ])("%s", (_, parts) => {
    expect(read(...parts)).toEqual(Uint8Array.of(7, 8));
  });

  it("that are no UTF-8, or longer than the file, are refused with their place", () => {
    expect(refusal("X", 1, 0, 0, 0, 0xff, ".")).toMatch(
      /the text at byte 5 is not UTF-8; the file is damaged/,
    );
    expect(refusal("X", 9, 0, 0, 0, "ab.")).toMatch(
      /9 more bytes are expected at byte 5, but only 3 are left/,
    );
    expect(refusal(0x8e, 0, 0, 0, 0, 0, 0, 0, 0x80, ".")).toMatch(/more bytes are expected/);
  });
});

describe("containers", () => {
  it.each<[string, (string | number)[], PickleValue]>([
    ["EMPTY_TUPLE", [")"], []],
    ["TUPLE1", ["K", 1, 0x85], [1]],
    ["TUPLE2 in the order of pushing", ["K", 1, "K", 2, 0x86], [1, 2]],
    ["TUPLE3", ["K", 1, "K", 2, "K", 3, 0x87], [1, 2, 3]],
    ["TUPLE down to its mark", ["(K", 1, "K", 2, "K", 3, "K", 4, "t"], [1, 2, 3, 4]],
    ["EMPTY_LIST", ["]"], []],
    ["LIST", ["(K", 1, "Nl"], [1, null]],
    ["APPEND", ["]K", 5, "a"], [5]],
    ["APPENDS", ["]K", 5, "a(K", 6, "K", 7, "e"], [5, 6, 7]],
    ["EMPTY_SET and ADDITEMS", [0x8f, "(K", 1, "K", 2, 0x90], [1, 2]],
    ["FROZENSET", ["(K", 1, 0x91], [1]],
  ])("%s", (_, parts, value) => {
    expect(read(...parts)).toEqual(value);
  });

  it("of dictionaries keep the order of their keys, and the later of two equal ones wins", () => {
    expect(read("}")).toEqual(new Map());
    expect([...(read("(U", 1, "aK", 1, "U", 1, "bK", 2, "d") as Map<string, number>)]).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    expect([...(read("}U", 1, "aK", 1, "sU", 1, "aK", 9, "s") as Map<string, number>)]).toEqual([["a", 9]]);
    expect([...(read("}(U", 1, "bK", 2, "U", 1, "aK", 1, "u") as Map<string, number>).keys()]).toEqual([
      "b",
      "a",
    ]);
  });

  it("freeze tuples and frozen sets, so that nothing can be appended to them", () => {
    expect(Object.isFrozen(read("K", 1, 0x85))).toBe(true);
    expect(Object.isFrozen(read("(K", 1, 0x91))).toBe(true);
    expect(Object.isFrozen(read("]"))).toBe(false);
    expect(refusal(")K", 1, "a.")).toMatch(/items for a tuple instead of a list/);
  });

  it.each<[string, (string | number)[], RegExp]>([
    ["APPEND to a dictionary", ["}K", 1, "a."], /items for a dict instead of a list/],
    ["SETITEM on a list", ["]K", 1, "K", 2, "s."], /keys for a list instead of a dict/],
    ["SETITEMS with a key alone", ["}(K", 1, "u."], /a key without a value/],
    ["DICT with a key alone", ["(K", 1, "d."], /a key without a value/],
    ["TUPLE without a mark", ["K", 1, "t."], /a MARK is missing/],
    ["TUPLE2 of one value", ["K", 1, 0x86, "."], /its stack is empty/],
    ["TUPLE2 that reaches below a mark", ["K", 1, "(K", 2, 0x86, "."], /its stack is empty/],
  ])("refuse %s", (_, parts, message) => {
    expect(refusal(...parts)).toMatch(message);
  });
});

describe("stack and memo", () => {
  it.each<[string, (string | number)[], PickleValue]>([
    ["POP", ["K", 1, "K", 2, "0"], 1],
    ["POP_MARK", ["K", 1, "(K", 2, "K", 3, "1"], 1],
    ["DUP", ["K", 4, "2", 0x86], [4, 4]],
    ["BINPUT and BINGET", ["K", 4, "q", 7, "0h", 7], 4],
    ["LONG_BINPUT and LONG_BINGET", ["K", 4, "r", 0, 1, 0, 0, "0j", 0, 1, 0, 0], 4],
    ["MEMOIZE counts from 0", ["K", 4, 0x94, "0K", 5, 0x94, "0h", 0, "h", 1, 0x86], [4, 5]],
  ])("%s", (_, parts, value) => {
    expect(read(...parts)).toEqual(value);
  });

  it("share a value, and do not copy it", () => {
    const [a, b] = read("]q", 0, "h", 0, 0x86) as readonly PickleValue[];
    expect(a).toBe(b);
  });

  it.each<[string, (string | number)[], RegExp]>([
    ["POP of nothing", ["0."], /its stack is empty/],
    ["BINGET of what was never written", ["h", 3, "."], /memo entry 3 was never written/],
    ["BINPUT of nothing", ["q", 0, "."], /its stack is empty/],
    ["values left over", ["K", 1, "K", 2, "."], /values are left over at its end/],
    ["a mark left over", ["(K", 1, "."], /values are left over at its end/],
    ["an end without a value", ["."], /its stack is empty/],
  ])("refuse %s", (_, parts, message) => {
    expect(refusal(...parts)).toMatch(message);
  });
});

describe("objects", () => {
  it("are made by the host, which gets name, arguments, state and persistent id", () => {
    const asked: unknown[] = [];
    const bytes = bytesOf("clib\nThing\nK", 1, 0x85, "RK", 2, "b.");
    const object = unpickle(new Cursor(bytes), hostOf(asked)) as PickledObject;
    expect(object).toMatchObject({ global: "lib.Thing", args: [1], state: 2 });
    expect(asked).toEqual([
      ["call", "lib.Thing", [1]],
      ["build", 2],
    ]);
  });

  it("have the same meaning by STACK_GLOBAL and NEWOBJ", () => {
    expect(read("U", 3, "libU", 5, "Thing", 0x93, ")", 0x81)).toMatchObject({
      global: "lib.Thing",
      args: [],
    });
  });

  it("of a persistent id are the host's", () => {
    expect(read("U", 1, "7Q")).toBe("storage 7");
  });

  it.each<[string, (string | number)[], RegExp]>([
    [
      "a name that the host does not allow",
      ["cos\nsystem\n."],
      /Python's "os\.system".*nothing in it was executed/,
    ],
    [
      "a STACK_GLOBAL whose name is a number",
      ["U", 3, "libK", 1, 0x93, "."],
      /a global whose name is not a text/,
    ],
    ["a call of a number", ["K", 1, ")R."], /a call of a number/],
    ["a call of what a call gave", ["clib\nThing\n)R)R."], /a call of a lib\.Thing/],
    [
      "a call without a tuple",
      ["clib\nThing\nK", 1, "R."],
      /a call of lib\.Thing without a tuple of arguments/,
    ],
  ])("refuse %s", (_, parts, message) => {
    expect(refusal(...parts)).toMatch(message);
  });
});

describe("frames", () => {
  it("of protocols 1 to 5 are read, and the length of a frame is only skipped", () => {
    for (const protocol of [1, 2, 3, 4, 5]) expect(read(0x80, protocol, "N")).toBeNull();
    expect(read(0x80, 4, 0x95, 255, 0, 0, 0, 0, 0, 0, 0, "K", 3)).toBe(3);
  });

  it("of a newer protocol are refused by number", () => {
    expect(refusal(0x80, 6, "N.")).toMatch(/pickle protocol 6, newer than the supported protocols 1 to 5/);
  });

  it("end at STOP: what follows belongs to the next pickle", () => {
    const cursor = new Cursor(bytesOf("K", 1, ".K", 2, "."));
    expect([unpickle(cursor, hostOf()), unpickle(cursor, hostOf())]).toEqual([1, 2]);
    expect(cursor.remaining).toBe(0);
  });
});

describe("the table", () => {
  // Python's pickletools also knows PERSID, STRING, UNICODE, GET, PUT, INST, OBJ, EXT1–4, FLOAT, NEXT_BUFFER and so on.
  it.each([..."PSVgpioF", 0x82, 0x83, 0x84, 0x92, 0x97, 0x98, 0x00, 0xff])("has no %s", (code) => {
    const value = typeof code === "string" ? code.charCodeAt(0) : code;
    expect(opcodes[value]).toBeUndefined();
    const shown = value.toString(16).padStart(2, "0");
    expect(refusal("N", value, ".")).toMatch(
      `pickle opcode 0x${shown} at byte 1: torch.save does not write it`,
    );
  });

  it("has one entry for each of the opcodes that are read, each under its own code", () => {
    const known = opcodes.filter((run) => run !== undefined);
    expect(new Set(known).size).toBe(known.length);
    expect(opcodes).toHaveLength(256);
  });
});
