/** The opcodes of pickle protocols 1 to 5 that torch.save writes, one in a row, with their names in Python's pickletools. */
import { limits } from "../guard/limits.js";
import { damaged, refuseFile } from "../guard/refuse.js";
import { fillDict, type Machine } from "./machine.js";
import { narrow, type PickleValue } from "./value.js";

type Run = (machine: Machine) => void;
type Row = readonly [code: number | string, name: string, run: Run];

const numbers: readonly Row[] = [
  ["N", "NONE", (m) => m.push(null)],
  [0x88, "NEWTRUE", (m) => m.push(true)],
  [0x89, "NEWFALSE", (m) => m.push(false)],
  ["J", "BININT", (m) => m.push(m.cursor.int32())],
  ["K", "BININT1", (m) => m.push(m.cursor.byte())],
  ["M", "BININT2", (m) => m.push(m.cursor.uint16())],
  ["I", "INT", (m) => m.push(integerFromText(m.cursor.line()))],
  ["L", "LONG", (m) => m.push(integerFromText(m.cursor.line().replace(/L$/, "")))],
  [0x8a, "LONG1", (m) => m.push(integerFromBytes(m, m.cursor.byte()))],
  [0x8b, "LONG4", (m) => m.push(integerFromBytes(m, m.cursor.uint32()))],
  ["G", "BINFLOAT", (m) => m.push(m.cursor.float64BigEndian())],
];

const texts: readonly Row[] = [
  ["T", "BINSTRING", (m) => m.push(m.cursor.latin1(m.cursor.uint32()))],
  ["U", "SHORT_BINSTRING", (m) => m.push(m.cursor.latin1(m.cursor.byte()))],
  ["X", "BINUNICODE", (m) => m.push(m.cursor.text(m.cursor.uint32()))],
  [0x8c, "SHORT_BINUNICODE", (m) => m.push(m.cursor.text(m.cursor.byte()))],
  [0x8d, "BINUNICODE8", (m) => m.push(m.cursor.text(m.cursor.uint64()))],
  ["B", "BINBYTES", (m) => m.pushContainer(m.cursor.take(m.cursor.uint32()))],
  ["C", "SHORT_BINBYTES", (m) => m.pushContainer(m.cursor.take(m.cursor.byte()))],
  [0x8e, "BINBYTES8", (m) => m.pushContainer(m.cursor.take(m.cursor.uint64()))],
  [0x96, "BYTEARRAY8", (m) => m.pushContainer(m.cursor.take(m.cursor.uint64()))],
];

const containers: readonly Row[] = [
  [")", "EMPTY_TUPLE", (m) => m.pushTuple(0)],
  [0x85, "TUPLE1", (m) => m.pushTuple(1)],
  [0x86, "TUPLE2", (m) => m.pushTuple(2)],
  [0x87, "TUPLE3", (m) => m.pushTuple(3)],
  ["t", "TUPLE", (m) => m.pushContainer(Object.freeze(m.popToMark()))],
  ["]", "EMPTY_LIST", (m) => m.pushContainer([])],
  ["l", "LIST", (m) => m.pushContainer(m.popToMark())],
  ["a", "APPEND", (m) => m.append([m.pop()])],
  ["e", "APPENDS", (m) => m.append(m.popToMark())],
  [0x8f, "EMPTY_SET", (m) => m.pushContainer([])],
  [0x90, "ADDITEMS", (m) => m.append(m.popToMark())],
  [0x91, "FROZENSET", (m) => m.pushContainer(Object.freeze(m.popToMark()))],
  ["}", "EMPTY_DICT", (m) => m.pushContainer(new Map())],
  ["d", "DICT", (m) => m.pushContainer(dictOf(m.popToMark()))],
  ["s", "SETITEM", (m) => m.setItems([m.pop(), m.pop()].reverse())],
  ["u", "SETITEMS", (m) => m.setItems(m.popToMark())],
];

const stackAndMemo: readonly Row[] = [
  ["(", "MARK", (m) => m.mark()],
  ["0", "POP", (m) => m.pop()],
  ["1", "POP_MARK", (m) => m.popToMark()],
  ["2", "DUP", (m) => m.push(m.top())],
  ["q", "BINPUT", (m) => m.remember(m.cursor.byte())],
  ["r", "LONG_BINPUT", (m) => m.remember(m.cursor.uint32())],
  [0x94, "MEMOIZE", (m) => m.rememberNext()],
  ["h", "BINGET", (m) => m.recall(m.cursor.byte())],
  ["j", "LONG_BINGET", (m) => m.recall(m.cursor.uint32())],
];

const objects: readonly Row[] = [
  ["c", "GLOBAL", (m) => m.pushGlobal(m.cursor.line(), m.cursor.line())],
  [0x93, "STACK_GLOBAL", stackGlobal],
  ["R", "REDUCE", (m) => m.call()],
  [0x81, "NEWOBJ", (m) => m.call()],
  ["b", "BUILD", (m) => m.build()],
  ["Q", "BINPERSID", (m) => m.persistent()],
];

const frame: readonly Row[] = [
  [0x80, "PROTO", checkProtocol],
  // A frame's length only helps to read from streams.
  [0x95, "FRAME", (m) => void m.cursor.uint64()],
  [".", "STOP", stop],
];

/** The action of each opcode; undefined for opcodes that torch never writes. */
export const opcodes: readonly (Run | undefined)[] = table();

function table(): (Run | undefined)[] {
  const rows = [numbers, texts, containers, stackAndMemo, objects, frame].flat();
  const byCode = new Array<Run | undefined>(256).fill(undefined);
  for (const [code, , run] of rows) {
    byCode[typeof code === "string" ? code.charCodeAt(0) : code] = run;
  }
  return byCode;
}

function dictOf(items: readonly PickleValue[]): Map<PickleValue, PickleValue> {
  const dict = new Map<PickleValue, PickleValue>();
  fillDict(dict, items);
  return dict;
}

function stackGlobal(machine: Machine): void {
  const name = machine.pop();
  const module = machine.pop();
  if (typeof module !== "string" || typeof name !== "string") damaged("a global whose name is not a text");
  machine.pushGlobal(module, name);
}

function checkProtocol(machine: Machine): void {
  const protocol = machine.cursor.byte();
  if (protocol > 5) refuseFile(`pickle protocol ${protocol}, newer than the supported protocols 1 to 5`);
}

function stop(machine: Machine): void {
  machine.stopped = true;
}

function integerFromText(text: string): number | bigint | boolean {
  // Protocol 1 writes bools as these two integers.
  if (text === "01") return true;
  if (text === "00") return false;
  if (!/^-?\d{1,100}$/.test(text)) damaged("an integer that is not a number");
  return narrow(BigInt(text));
}

function integerFromBytes(machine: Machine, length: number): number | bigint {
  if (length > limits.integerBytes)
    refuseFile(`an integer of ${length} bytes, more than the ${limits.integerBytes} allowed`);
  const hex = Array.from(machine.cursor.take(length).toReversed(), (b) => b.toString(16).padStart(2, "0"));
  return narrow(BigInt.asIntN(8 * length, BigInt(`0x0${hex.join("")}`)));
}
