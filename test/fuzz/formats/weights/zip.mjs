/** Mutations of PyTorch's zips: their entries, and the records that say where they are. */
import { unzipSync, zipSync } from "fflate";
import { texts } from "../../mutations/values.mjs";
import { mutatedPickle } from "./pickle.mjs";

/** Bytes of zeros, which a zip makes small: more than a reader may unpack. */
const bomb = new Uint8Array(2 ** 25);

/** Mutations of the entries, by name. */
const entryMutations = {
  "the pickle": (entries, chance) => {
    const path = Object.keys(entries).find((name) => name.endsWith("data.pkl"));
    const { name, value } = mutatedPickle(entries[path], chance);
    entries[path] = value;
    return name;
  },
  "an entry removed": (entries, chance) => {
    delete entries[chance.of(Object.keys(entries))];
  },
  "an entry renamed": (entries, chance) => {
    const path = chance.of(Object.keys(entries));
    const names = [
      "../escaped.bin",
      "/escaped.bin",
      "C:\\escaped.bin",
      "archive/data.pkl",
      ...texts.slice(0, 20),
    ];
    entries[chance.of(names)] = entries[path];
    if (chance.is(0.5)) delete entries[path];
  },
  "an entry cut or grown": (entries, chance) => {
    const path = chance.of(Object.keys(entries));
    const bytes = entries[path];
    const length = chance.of([0, 1, bytes.length - 1, bytes.length + 1, 100_000]);
    entries[path] = Buffer.concat([bytes, Buffer.alloc(100_000)]).subarray(0, Math.max(0, length));
  },
  "a bomb": (entries, chance) => {
    entries[chance.of([...Object.keys(entries), "archive/data/bomb"])] = bomb;
  },
  "very many entries": (entries) => {
    for (let i = 0; i < 2000; i++) entries[`archive/data/more${i}`] = new Uint8Array(1);
  },
  "big-endian": (entries) => {
    const path = Object.keys(entries).find((name) => name.endsWith("byteorder")) ?? "archive/byteorder";
    entries[path] = Buffer.from("big");
  },
};

/** Fields of the records of a zip: [signature, offset, bytes]. */
const fields = {
  "the method": [0x02014b50, 10, 2],
  "the flags": [0x02014b50, 8, 2],
  "the checksum": [0x02014b50, 16, 4],
  "the packed size": [0x02014b50, 20, 4],
  "the unpacked size": [0x02014b50, 24, 4],
  "the name's length": [0x02014b50, 28, 2],
  "the extra field's length": [0x02014b50, 30, 2],
  "the offset of an entry": [0x02014b50, 42, 4],
  "the local method": [0x04034b50, 8, 2],
  "the local sizes": [0x04034b50, 18, 4],
  "the local name's length": [0x04034b50, 26, 2],
  "the number of entries": [0x06054b50, 10, 2],
  "the directory's size": [0x06054b50, 12, 4],
  "the directory's offset": [0x06054b50, 16, 4],
};

/** Where the records of this signature begin. */
function recordsIn(bytes, signature) {
  const places = [];
  for (let at = 0; at + 46 <= bytes.length; at++) if (bytes.readUInt32LE(at) === signature) places.push(at);
  return places.length > 0 ? places : [bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]))];
}

function mutatedField(original, chance) {
  const bytes = Buffer.from(original);
  const name = chance.of(Object.keys(fields));
  const [signature, offset, size] = fields[name];
  const at = chance.of(recordsIn(bytes, signature)) + offset;
  const value = chance.of([
    0,
    1,
    8,
    9,
    99,
    0xffff,
    0x7fffffff,
    0xfffffffe,
    0xffffffff,
    bytes.length,
    bytes.length - 22,
  ]);
  if (at >= 0 && at + size <= bytes.length) bytes.writeUIntLE(value % 2 ** (8 * size), at, size);
  return { name, value: bytes };
}

export function mutatedZip(bytes, chance) {
  if (chance.is(0.4)) return mutatedField(bytes, chance);
  const entries = unzipSync(bytes);
  const { name, value } = chance.mutate(entryMutations, entries);
  return {
    name: value === undefined ? name : `${name}: ${value}`,
    value: zipSync(entries, { level: chance.of([0, 9]) }),
  };
}
