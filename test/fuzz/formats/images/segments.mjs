/** Mutations of JPEG files by their segments, of WebP files by their chunks, and of BMP and NumPy files by their headers. */
import { npy } from "./sound.mjs";

const shorts = [0, 1, 2, 7, 255, 256, 5000, 65_500, 65_535];

/** Segments of a JPEG file up to its pixels, which stay one piece: {marker, data}. */
function segmentsOf(bytes) {
  const segments = [];
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const [marker, length] = [bytes[at + 1], bytes.readUInt16BE(at + 2)];
    segments.push({ marker, data: Buffer.from(bytes.subarray(at + 4, at + 2 + length)) });
    at += 2 + length;
    if (marker === 0xda) break;
  }
  return { segments, pixels: bytes.subarray(at) };
}

function segmentBytes({ marker, data, length = data.length + 2 }) {
  return Buffer.concat([Buffer.from([0xff, marker, length >> 8, length & 255]), data]);
}

const isFrame = ({ marker }) => marker >= 0xc0 && marker <= 0xc2;

const jpegMutations = {
  "the size": (list, chance) => {
    const frame = list.find(isFrame);
    frame?.data.writeUInt16BE(chance.of(shorts), 1 + 2 * chance.below(2));
  },
  "components of the frame": (list, chance) => {
    const frame = list.find(isFrame);
    if (frame)
      frame.data[5 + chance.below(frame.data.length - 5)] = chance.of([0, 1, 3, 4, 0x11, 0x44, 0xff]);
  },
  "a segment's content": (list, chance) => {
    const { data } = chance.of(list);
    if (data.length > 0) data[chance.below(data.length)] = chance.below(256);
  },
  "a segment's length": (list, chance) => {
    chance.of(list).length = chance.of(shorts);
  },
  "another marker": (list, chance) => {
    chance.of(list).marker = 0xc0 + chance.below(64);
  },
  "a segment removed": (list, chance) => list.splice(chance.below(list.length), 1),
  "segments in another order": (list, chance) => list.splice(0, list.length, ...chance.shuffled(list)),
  "very many segments": (list, chance) => {
    const one = chance.of(list);
    list.splice(0, 0, ...Array.from({ length: 3000 }, () => one));
  },
};

function mutatedJpeg(bytes, chance) {
  const { segments, pixels } = segmentsOf(bytes);
  const scans = chance.is(0.1) ? Array.from({ length: 300 }, () => segmentBytes(segments.at(-1))) : [];
  const { name } = chance.mutate(jpegMutations, segments);
  const rest = scans.length > 0 ? scans.map((scan) => Buffer.concat([scan, pixels.subarray(0, -2)])) : [];
  return {
    name,
    value: Buffer.concat([bytes.subarray(0, 2), ...segments.map(segmentBytes), ...rest, pixels]),
  };
}

/** A number of a header replaced: one of `places`, [offset, bytes]. */
function headerMutation(places) {
  return (bytes, chance) => {
    const value = Buffer.from(bytes);
    const [at, size] = chance.of(places);
    const number = chance.of([
      0, 1, 2, 8, 16, 17, 24, 255, 256, 30_000, 65_535, 0x7fffffff, 0x80000000, 0xffffffff,
    ]);
    if (at + size <= value.length) value.writeUIntLE(number % 2 ** (8 * size), at, size);
    return { name: `the number at ${at}`, value };
  };
}

const npyTypes = [
  "|u1",
  "<f8",
  ">u2",
  "<i8",
  "|O",
  "|b1",
  "<U99999999",
  "<f2",
  "V8",
  "|S0",
  "<c16",
  "[('a', '|u1')]",
  "",
];
const npyShapes = [
  "16, 16, 3",
  "16, 16",
  "0, 0",
  "-1, 16",
  "16,",
  "",
  "99999, 99999, 3",
  "1e9, 1",
  "16, 16, 3, 1, 1",
  `${"1, ".repeat(5000)}1`,
];
const npyTexts = [
  "{",
  "__import__('os').system('touch ran')",
  "{'descr': '|u1'}",
  "\0",
  "(".repeat(5000),
  "{'descr': '|u1', ".repeat(2000),
];

function mutatedNpy(bytes, chance) {
  const order = chance.of(["True", "False", "None", "1"]);
  const header = `{'descr': '${chance.of(npyTypes)}', 'fortran_order': ${order}, 'shape': (${chance.of(npyShapes)}), }`;
  const value = npy(bytes.subarray(128), chance.is(0.8) ? header : chance.of(npyTexts));
  if (chance.is(0.2)) value.writeUInt16LE(chance.of(shorts), 8);
  if (chance.is(0.2)) value[6] = chance.of([0, 2, 3, 255]);
  return { name: "the header", value };
}

/** Structured mutations by the ending of a file. */
export const bySegments = {
  jpg: mutatedJpeg,
  npy: mutatedNpy,
  webp: headerMutation([
    [4, 4],
    [12, 4],
    [16, 4],
    [20, 4],
    [24, 3],
    [27, 3],
    [21, 4],
    [25, 4],
  ]),
  bmp: headerMutation([
    [2, 4],
    [10, 4],
    [14, 4],
    [18, 4],
    [22, 4],
    [26, 2],
    [28, 2],
    [30, 4],
    [34, 4],
    [46, 4],
  ]),
};
