/** Mutations of pickles, operation by operation, and of PyTorch's older files, which are pickles and storages in a row. */
import { integers, texts } from "../../mutations/values.mjs";

const fixed = (count) => () => count;
/** Bytes of an argument that begins with its length. */
const counted = (bytes) => (view, at) => {
  const length =
    bytes === 8
      ? Number(view.getBigUint64(at, true))
      : bytes === 4
        ? view.getUint32(at, true)
        : view.getUint8(at);
  return bytes + length;
};
const lines = (count) => (view, at) => {
  let end = at;
  for (let n = 0; n < count; end++) if (view.getUint8(end) === 0x0a) n++;
  return end - at;
};

/** How many bytes the argument of an operation has; operations that are not named have none. */
const argumentLengths = new Map([
  ...[..."gpFILSVP"].map((code) => [code, lines(1)]),
  ...[..."ci"].map((code) => [code, lines(2)]),
  ...[..."hqK\x80\x82"].map((code) => [code, fixed(1)]),
  ...[..."M\x83"].map((code) => [code, fixed(2)]),
  ...[..."jrJ\x84"].map((code) => [code, fixed(4)]),
  ...[..."G\x95"].map((code) => [code, fixed(8)]),
  ...[..."U\x8a\x8cC"].map((code) => [code, counted(1)]),
  ...[..."TX\x8bB"].map((code) => [code, counted(4)]),
  ...[..."\x8d\x8e\x96"].map((code) => [code, counted(8)]),
]);

/** The operations of a pickle, as bytes each, up to its STOP; undefined where there is no pickle. */
function operationsOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const operations = [];
  for (let at = 0; at < bytes.length; ) {
    const code = String.fromCharCode(bytes[at]);
    const end = at + 1 + (argumentLengths.get(code)?.(view, at + 1) ?? 0);
    operations.push(bytes.subarray(at, end));
    at = end;
    if (code === ".") return operations;
  }
  return operations;
}

const ascii = (text) => Buffer.from(text, "latin1");
const globals = [
  ...[
    "os\nsystem",
    "builtins\neval",
    "builtins\nexec",
    "posix\nsystem",
    "subprocess\nPopen",
    "torch\nload",
    "torch\nnn",
  ],
  ...[
    "collections\nOrderedDict",
    "torch._utils\n_rebuild_tensor_v2",
    "torch\nFloatStorage",
    "numpy\nndarray",
    "__main__\nModel",
  ],
  ...[
    "torch._utils\n_rebuild_parameter",
    "copyreg\n_reconstructor",
    "numpy.core.multiarray\n_reconstruct",
    "\n",
    "a.b.c\n__proto__",
  ],
];

/** A whole number as a pickle writes it. */
function integer(value) {
  const bytes = Buffer.alloc(11);
  bytes.set([0x8a, 9]);
  bytes.writeBigInt64LE(BigInt.asIntN(64, value), 2);
  bytes[10] = value < 0n ? 0xff : 0;
  return bytes;
}

function text(value) {
  const bytes = Buffer.from(value);
  const start = Buffer.alloc(5);
  start.write("X");
  start.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([start, bytes]);
}

const codes = [..."().]}etsu0120NlabdoRQ\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94"];

const mutations = {
  "an operation removed": (list, chance) => list.splice(chance.below(list.length), 1),
  "an operation twice": (list, chance) => list.splice(chance.below(list.length), 0, chance.of(list)),
  "two operations swapped": (list, chance) => {
    const [i, j] = [chance.below(list.length), chance.below(list.length)];
    [list[i], list[j]] = [list[j], list[i]];
  },
  "another operation": (list, chance) => {
    list[chance.below(list.length)] = ascii(chance.of(codes));
  },
  "an operation more": (list, chance) => list.splice(chance.below(list.length), 0, ascii(chance.of(codes))),
  "a global": (list, chance) => {
    const places = [...list.keys()].filter((i) => list[i][0] === 0x63);
    const global = ascii(`c${chance.of(globals)}\n`);
    if (places.length > 0) list[chance.of(places)] = global;
    else list.splice(1, 0, global);
  },
  "a call": (list, chance) =>
    list.splice(1, 0, ascii(`c${chance.of(globals)}\n(X\x08\0\0\0touch ran`), ascii("tR0")),
  "a number": (list, chance) => {
    const places = [...list.keys()].filter((i) => [0x4b, 0x4d, 0x4a, 0x8a].includes(list[i][0]));
    if (places.length > 0) list[chance.of(places)] = integer(chance.of(integers));
  },
  "a text": (list, chance) => {
    const places = [...list.keys()].filter((i) => [0x58, 0x8c].includes(list[i][0]));
    if (places.length > 0) list[chance.of(places)] = text(chance.of(texts));
  },
  "a length beyond the end": (list, chance) => {
    list[chance.below(list.length)] = Buffer.from([0x58, 0xff, 0xff, 0xff, chance.of([0, 0x7f, 0xff]), 0x61]);
  },
  "many marks": (list, chance) => list.splice(1, 0, ascii("(".repeat(chance.of([10, 1e5, 1e6])))),
  "deep lists": (list, chance) =>
    list.splice(1, 0, ascii(`${"]".repeat(1e5)}${"a".repeat(99_999)}`), ascii(chance.of(["0", ""]))),
  "lists that double": (list) => list.splice(1, 0, ascii(`]${"2a".repeat(1)}${"(2e2e".repeat(5000)}`)),
  "large numbers in memory": (list, chance) =>
    list.splice(
      1,
      0,
      ascii("]"),
      ascii(chance.of(["r\xff\xff\xff\xff", "p99999999999\n", "p-1\n", "j\x01\0\0\x7f"])),
    ),
  "a number of many digits": (list) => list.splice(1, 0, ascii(`L${"9".repeat(2e5)}L\n0`)),
};

/** Mutates a pickle. @returns the mutation's name and the bytes */
export function mutatedPickle(bytes, chance) {
  const operations = operationsOf(bytes);
  const { name } = chance.mutate(mutations, operations);
  const end = operationsOf(bytes).reduce((sum, { length }) => sum + length, 0);
  return { name, value: Buffer.concat([...operations, bytes.subarray(end)]) };
}

/** The pickles of an older file, which stand one after the other before the storages. */
const pickles = 5;

/** Mutates one of the pickles of an older file of PyTorch. */
export function mutatedPickles(bytes, chance) {
  const which = chance.below(pickles);
  let at = 0;
  for (let i = 0; i < which; i++)
    at += operationsOf(bytes.subarray(at)).reduce((sum, { length }) => sum + length, 0);
  const { name, value } = mutatedPickle(bytes.subarray(at), chance);
  return { name: `${name} in pickle ${which + 1}`, value: Buffer.concat([bytes.subarray(0, at), value]) };
}
