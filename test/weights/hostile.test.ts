/** Hostile files must be refused with a reason or be harmless. None may execute code, hang or exhaust memory. */
import { describe, expect, it } from "vitest";
import { SeawallError } from "../../src/base/index.js";
import { type PickleValue, readTorch, stateDictOf } from "../../src/weights/index.js";
import { dict, floats, op, pickle, storage, tensor, torchLegacy, torchZip, tuple } from "./handmade.js";

type Part = readonly number[];
const four = { "0": floats(1, 2, 3, 4) };
const repeat = (part: Part, times: number): Part => Array.from({ length: times }, () => part).flat();

/** The message that refuses a pickle. Fails if the pickle is read, or if another error is thrown. */
function refusal(data: Uint8Array | readonly Part[], storages: Record<string, Uint8Array> = four): string {
  return refusalOf(torchZip(data instanceof Uint8Array ? data : pickle(...data), storages));
}

function refusalOf(file: Uint8Array): string {
  const start = performance.now();
  try {
    readTorch(file);
  } catch (error) {
    if (!(error instanceof SeawallError)) throw error;
    expect(error.code).toBe("weights");
    expect(performance.now() - start).toBeLessThan(10_000);
    return error.message;
  }
  throw new Error("the file was read");
}

const read = (...parts: readonly Part[]): PickleValue => readTorch(torchZip(pickle(...parts), four));

describe("names outside the list", () => {
  const names: readonly (readonly [string, string])[] = [
    ["os", "system"],
    ["posix", "system"],
    ["builtins", "eval"],
    ["builtins", "getattr"],
    ["__builtin__", "exec"],
    ["subprocess", "Popen"],
    ["functools", "partial"],
    ["torch", "load"],
    ["torch.storage", "_load_from_bytes"],
    ["torch", "os.system"],
    ["numpy.core.multiarray", "fromfile"],
    ["collections", "OrderedDict.update"],
    ["__main__", "Net"],
    ["", "__proto__"],
    ["constructor", "constructor"],
  ];
  it.each(names)("%s %s is named in the refusal, and nothing is executed", (module, name) => {
    const call = [...tuple(op.text("echo harm")), ...op.reduce];
    const asked = expect.stringContaining(`"${module}.${name}"`);
    const nothing = expect.stringContaining("nothing in it was executed");
    for (const spelling of [
      [op.global(module, name), call],
      [op.text(module), op.text(name), op.stackGlobal, call],
      [dict({ weight: tensor(storage("0", 4), 0, [4], [1]), harm: op.global(module, name) })],
    ]) {
      const message = refusal(spelling);
      expect(message).toEqual(asked);
      expect(message).toEqual(nothing);
    }
    expect(refusalOf(torchLegacy(pickle(op.global(module, name), call)))).toEqual(asked);
  });

  it("are refused in the opcode of protocol 0 and in extension codes too", () => {
    expect(refusal([op.mark, op.text("echo"), op.inst("os", "system")])).toContain("opcode 0x69");
    expect(refusal([[0x82, 1], op.emptyTuple, op.reduce])).toContain("opcode 0x82");
  });

  it("cannot write to the terminal through the message", () => {
    const message = refusal([
      op.text("os\u001b[2J"),
      op.text(`system\u202e${"x".repeat(5000)}`),
      op.stackGlobal,
    ]);
    expect(message).toContain("os\\u001b[2J.system\\u202exx");
    expect(message.length).toBeLessThan(400);
  });

  it("do not become callable by being built, shared or rebuilt", () => {
    const device = [...op.global("torch", "device"), ...tuple(op.text("cpu")), ...op.reduce];
    expect(refusal([device, op.emptyTuple, op.reduce])).toContain("a call of a torch.device");
    expect(refusal([op.text("os.system"), op.emptyTuple, op.reduce])).toContain("a call of a string");
    expect(refusal([op.global("torch", "FloatStorage"), op.emptyTuple, op.reduce])).toContain(
      "which no weights file makes",
    );
    const rebuild = op.global("torch._tensor", "_rebuild_from_type_v2");
    const type = op.global("torch", "Tensor");
    expect(refusal([rebuild, tuple(rebuild, type, op.emptyTuple), op.reduce])).toContain("rebuilt by a");
    expect(refusal([op.global("torch", "FloatStorage"), op.emptyDict, op.build])).toContain("a state for a");
  });
});

describe("keys with a meaning in JavaScript", () => {
  it("are keys like any other", () => {
    const pairs = [["__proto__", dict({ polluted: [0x88] })] as const, ["toString", op.none] as const];
    const own = read(dict(pairs)) as Map<string, PickleValue>;
    expect([...own.keys()]).toEqual(["__proto__", "toString"]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("do not reach a prototype through states and NumPy types", () => {
    const namespace = [...op.global("argparse", "Namespace"), ...op.emptyTuple, ...op.newObject];
    expect(read(namespace, dict([["__proto__", op.none]]), op.build)).toMatchObject({
      global: "argparse.Namespace",
      state: new Map([["__proto__", null]]),
    });
    const dtype = [...op.global("numpy", "dtype"), ...tuple(op.text("__proto__")), ...op.reduce];
    const scalar = op.global("numpy.core.multiarray", "scalar");
    expect(refusal([scalar, tuple(dtype, op.bytes([0])), op.reduce])).toContain(
      "neither a number nor a bool",
    );
  });
});

describe("depth and size of pickles", () => {
  it("refuses marks, tuples and late containers nested without end", () => {
    expect(refusal([repeat(op.mark, 100_000)])).toContain("nested deeper");
    expect(refusal([op.none, repeat(op.tuple1, 100_000)])).toContain("nested deeper");
    // Each list is put into the one before while it is empty, so that the nesting is visible only at the end.
    const late = Array.from({ length: 1000 }, (_, i) =>
      [op.get(i), op.emptyList, op.put(i + 1), op.append, op.pop].flat(),
    ).flat();
    expect(refusal([op.emptyList, op.put(0), late])).toContain("nested deeper");
  });

  it("reads circles and lists that double at each level without unrolling them", () => {
    const circle = read(op.emptyList, op.put(0), op.get(0), op.append);
    expect(() => stateDictOf(circle)).toThrow("no dictionary of named tensors");
    const level = (i: number) =>
      [op.emptyList, op.get(i), op.append, op.get(i), op.append, op.put(i + 1), op.pop].flat();
    const levels = Array.from({ length: 90 }, (_, i) => level(i)).flat();
    const laughs = read(op.emptyList, op.put(0), op.pop, levels, op.get(90));
    expect(() => stateDictOf(laughs)).toThrow("no dictionary of named tensors");
  });

  it("refuses more work than any checkpoint needs", () => {
    const data = new Uint8Array(5_000_000).fill(op.none[0]!);
    data.set(op.proto());
    expect(refusal(data)).toContain("4000000 steps");
    data.fill(op.emptyDict[0]!, 2, 1_000_000);
    expect(refusal(data)).toContain("4000000 steps");
  });

  it("refuses copies that multiply a text or a list through the memo", () => {
    const encode = [
      ...[op.global("_codecs", "encode"), op.get(0), op.text("latin1")].flat(),
      ...[[0x86], op.reduce, op.pop].flat(),
    ];
    const text = [op.text("x".repeat(1_000_000)), op.put(0)].flat();
    expect(refusal([text, repeat(encode, 100)])).toContain("bytes of copies");
    const pairs = [
      op.emptyList,
      op.put(0),
      op.mark,
      repeat([...op.none, ...op.none, 0x86], 10_000),
      op.appends,
    ];
    const ordered = [op.global("collections", "OrderedDict"), op.get(0), op.tuple1, op.reduce, op.pop].flat();
    expect(refusal([pairs.flat(), repeat(ordered, 100)])).toContain("bytes of copies");
  });

  it("keeps texts of Python 2 and byte-order marks as they are", () => {
    const all = Array.from({ length: 256 }, (_, i) => i);
    const old = read([0x54, 16, 39, 0, 0], Array.from({ length: 39 }, () => all).flat(), all.slice(0, 16));
    expect(old).toHaveLength(10_000);
    expect((old as string).slice(256, 512)).toBe(String.fromCharCode(...all));
    expect(read(op.text("\ufeffa"))).toBe("\ufeffa");
    const long = new Uint8Array(70_000_000);
    long.set([0x80, 2, 0x58, ...[0x40, 0xdb, 0x1c, 0x04]]);
    expect(refusal(long)).toContain("a text of 69000000 bytes");
  });

  it("refuses what contradicts itself", () => {
    expect(refusal([op.get(7)])).toContain("memo entry 7");
    expect(refusal([op.pop])).toContain("stack is empty");
    expect(refusal([op.none, op.mark, op.pop])).toContain("stack is empty");
    expect(refusal([op.tuple])).toContain("MARK is missing");
    expect(refusal([op.none, op.none])).toContain("left over");
    expect(refusal([op.emptyTuple, op.none, op.append])).toContain("instead of a list");
    expect(refusal([op.emptyList, op.none, op.none, op.setItem])).toContain("instead of a dict");
    expect(refusal([op.emptyDict, op.mark, op.none, op.setItems])).toContain("a key without a value");
    expect(refusal([[...op.bytes([]).slice(0, 1), 0xff, 0xff, 0xff, 0xff]])).toContain("truncated");
    expect(refusal([[0x8a, 255]])).toContain("an integer of 255 bytes");
    expect(refusal([op.proto(6)])).toContain("protocol 6");
    expect(refusal([op.text("").slice(0, 1), [1, 0, 0, 0, 0xff]])).toContain("not UTF-8");
  });
});

describe("tensors and storages", () => {
  const over = (dims: readonly number[], strides: readonly number[], offset = 0) =>
    refusal([tensor(storage("0", 4), offset, dims, strides)]);

  it("refuses tensors that are larger than their storage", () => {
    expect(over([5], [1])).toContain("reaches element 5");
    expect(over([2, 2], [3, 1])).toContain("reaches element 5");
    expect(over([4], [1], 1)).toContain("reaches element 5");
    expect(over([2], [2 ** 52])).toContain("reaches element");
    expect(over([1], [1], 2 ** 53)).toContain("without position");
  });

  it("refuses a trillion elements through stride 0, and many tensors that add up to as much", () => {
    // With stride 0, a tensor of any size fits into one element of a storage, but a dense copy does not fit into memory.
    expect(over([1_000_000, 1_000_000], [0, 0])).toContain("bytes of copies");
    expect(over([2 ** 40, 2 ** 40], [0, 0])).toContain("more elements than any file");
    const one = [...tensor([...op.get(0)], 0, [500_000], [0]), ...op.pop];
    expect(refusal([storage("0", 4), op.put(0), repeat(one, 20)])).toContain("bytes of copies");
  });

  it("refuses shapes that are none", () => {
    expect(over([-1], [1])).toContain("whole numbers");
    expect(over([4], [-1])).toContain("whole numbers");
    expect(over([4], [1, 1])).toContain("strides");
    expect(over(new Array(65).fill(1), new Array(65).fill(1))).toContain("65 axes");
    const nested = [...op.none, ...repeat(op.tuple1, 50)];
    const rebuild = op.global("torch._utils", "_rebuild_tensor_v2");
    const args = tuple(storage("0", 4), op.integer(0), tuple(nested), tuple(nested), op.no, op.none);
    expect(refusal([rebuild, args, op.reduce])).toContain("whole numbers");
  });

  it("keeps the shape it has checked when the pickle changes its list afterwards", () => {
    // The pickle can reach the list of dimensions again through the memo.
    const list = (index: number, item: number) =>
      [op.emptyList, op.put(index), op.integer(item), op.append].flat();
    const grow = (index: number, item: number) => [op.get(index), op.integer(item), op.append, op.pop].flat();
    const rebuild = op.global("torch._utils", "_rebuild_tensor_v2");
    const args = tuple(storage("0", 4), op.integer(0), list(1, 4), list(2, 1), op.no, op.none);
    const value = read(rebuild, args, op.reduce, grow(1, 2 ** 40), grow(2, 0));
    expect(value).toEqual({ type: "float32", dims: [4], data: Float32Array.of(1, 2, 3, 4) });
  });

  it("allows an empty tensor, whatever its other dims and strides", () => {
    expect(read(tensor(storage("0", 4), 0, [0, 7], [9, 9]))).toMatchObject({
      dims: [0, 7],
      data: { length: 0 },
    });
  });

  it("refuses storages that are missing, larger than the file or not as long as said", () => {
    expect(refusal([storage("0", 10_000)])).toContain("claims 40000 bytes");
    expect(refusal([storage("0", 2n ** 62n)])).toContain("without key or length");
    expect(refusal([storage("0", -1)])).toContain("whole numbers");
    expect(refusal([storage("1", 4)])).toContain('storage "1" is missing');
    expect(refusal([storage("0", 3)])).toContain("should have 12 bytes but has 16");
    expect(refusal([tuple(storage("0", 4), storage("0", 3))])).toContain(
      "16 bytes in one place and 12 in another",
    );
    expect(refusal([storage("0", 4, "ComplexFloatStorage")])).toContain("torch.ComplexFloatStorage");
    expect(refusal([tuple(op.text("module"), op.none), op.persistent])).toContain("does not name a storage");
  });

  it("refuses bools that are neither true nor false", () => {
    const flags = { "0": Uint8Array.of(0, 1, 7) };
    expect(refusal([tensor(storage("0", 3, "BoolStorage"), 0, [3], [1])], flags)).toContain(
      "7 instead of 0 or 1",
    );
  });

  it("refuses views that torch would negate or conjugate on reading", () => {
    const rebuild = op.global("torch._utils", "_rebuild_tensor_v2");
    const place = [
      storage("0", 4),
      op.integer(0),
      tuple(op.integer(4)),
      tuple(op.integer(1)),
      op.no,
      op.none,
    ];
    const args = tuple(...place, dict({ neg: [0x88] }));
    expect(refusal([rebuild, args, op.reduce])).toContain("resolve_neg()");
  });

  it("refuses NumPy values of other byte orders, kinds and sizes", () => {
    const scalar = op.global("numpy.core.multiarray", "scalar");
    const dtype = (code: string, order: string) => [
      ...[...op.global("numpy", "dtype"), ...tuple(op.text(code)), ...op.reduce],
      ...[...tuple(op.integer(3), op.text(order)), ...op.build],
    ];
    const value = (code: string, order: string, bytes: Part) =>
      refusal([scalar, tuple(dtype(code, order), op.bytes(bytes)), op.reduce]);
    expect(value("f4", ">", [0, 0, 0, 0])).toContain("big-endian");
    expect(value("O8", "|", [0])).toContain("neither a number nor a bool");
    expect(value("f4", "<", [0, 0, 0])).toContain("of another size");
    const array = [...op.global("numpy.core.multiarray", "_reconstruct"), ...op.emptyTuple, ...op.reduce];
    const state = tuple(op.integer(1), tuple(op.integer(2 ** 40)), dtype("f4", "<"), op.no, op.bytes([]));
    expect(refusal([array, state, op.build])).toContain("of another size");
    expect(refusal([tensor(storage("0", 4), 0, [4], [1]), state, op.build])).toContain("takes none");
  });
});
