/** Mutations of TIFF files, tag by tag. */

/** Where the first directory is, and how many entries it has; entries have 12 bytes. */
function directoryOf(bytes) {
  const at = bytes.readUInt32LE(4);
  return { at, count: bytes.readUInt16LE(at) };
}

const numbers = [0, 1, 2, 3, 8, 15, 17, 255, 1000, 65_535, 100_000, 0x7fffffff, 0x80000000, 0xffffffff];
const compressions = [0, 1, 2, 3, 4, 5, 6, 7, 8, 32_773, 34_661, 34_712, 34_887, 34_892, 50_000, 50_001];

/** Offset, type and value of the tag. */
function entryOf(bytes, tag) {
  const { at, count } = directoryOf(bytes);
  for (let i = 0; i < count; i++) if (bytes.readUInt16LE(at + 2 + 12 * i) === tag) return at + 2 + 12 * i;
  return undefined;
}

const setTag = (tag, choices) => (bytes, chance) => {
  const entry = entryOf(bytes, tag);
  if (entry !== undefined) bytes.writeUInt32LE(chance.of(choices), entry + 8);
};

const mutations = {
  "the width": setTag(256, numbers),
  "the height": setTag(257, numbers),
  "the bits of a value": setTag(258, [0, 1, 3, 8, 12, 16, 32, 64, 255]),
  "the compression": setTag(259, compressions),
  "the meaning of colours": setTag(262, [0, 1, 2, 3, 4, 5, 6, 8, 9, 32_803, 34_925, 65_535]),
  "where strips begin": setTag(273, numbers),
  "the bands of a pixel": setTag(277, [0, 1, 2, 4, 5, 255, 256, 5000, 65_535]),
  "the rows of a strip": setTag(278, numbers),
  "the bytes of a strip": setTag(279, numbers),
  "the order of bands": setTag(284, [0, 1, 2, 3]),
  "the predictor": setTag(317, [0, 1, 2, 3, 99]),
  "the size of tiles": setTag(322, numbers),
  "where tiles begin": setTag(324, numbers),
  "the form of values": setTag(339, [0, 1, 2, 3, 4, 5, 6]),
  "a tag, type or count": (bytes, chance) => {
    const { at, count } = directoryOf(bytes);
    const entry = at + 2 + 12 * chance.below(count);
    const [offset, size] = chance.of([
      [0, 2],
      [2, 2],
      [4, 4],
      [8, 4],
    ]);
    bytes.writeUIntLE(chance.of(numbers) % 2 ** (8 * size), entry + offset, size);
  },
  "the number of entries": (bytes, chance) => {
    bytes.writeUInt16LE(chance.of([0, 1, 5, 1000, 65_535]), directoryOf(bytes).at);
  },
  "where the directory is": (bytes, chance) => {
    bytes.writeUInt32LE(chance.of([...numbers, 4, 8, bytes.length - 1]), 4);
  },
  "directories in a circle": (bytes) => {
    const { at, count } = directoryOf(bytes);
    bytes.writeUInt32LE(at, at + 2 + 12 * count);
  },
  "the order of bytes": (bytes) => {
    bytes.write("MM");
  },
  "a file of over 4 GiB": (bytes) => {
    bytes[2] = 43;
  },
};

export function mutatedTiff(bytes, chance) {
  const value = Buffer.from(bytes);
  const { name } = chance.mutate(mutations, value);
  return { name, value };
}
