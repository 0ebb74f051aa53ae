/** Mutations of PNG files, chunk by chunk. */
import { deflateSync } from "node:zlib";
import crc32 from "crc-32";

/** Rows of zeros, packed: more than any image of the stated size has. */
const bomb = deflateSync(Buffer.alloc(2 ** 26), { level: 9 });

function chunksOf(bytes) {
  const chunks = [];
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    chunks.push({
      type: bytes.toString("latin1", at + 4, at + 8),
      data: Buffer.from(bytes.subarray(at + 8, at + 8 + length)),
    });
    at += 12 + length;
  }
  return chunks;
}

function written({ type, data, length = data.length, crc }) {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const bytes = Buffer.alloc(8 + named.length);
  bytes.writeUInt32BE(length >>> 0);
  named.copy(bytes, 4);
  bytes.writeInt32BE(crc ?? crc32.buf(named), 4 + named.length);
  return bytes;
}

const of = (chunks, type) => chunks.find((chunk) => chunk.type === type) ?? chunks[0];
const sizes = [0, 1, 15, 17, 1000, 30_000, 0x7fffffff, 0x80000000, 0xffffffff];
const texts = [
  "tEXt",
  "zTXt",
  "iTXt",
  "iCCP",
  "eXIf",
  "acTL",
  "fcTL",
  "fdAT",
  "tIME",
  "gAMA",
  "cHRM",
  "sBIT",
  "zzzz",
  "ZZZZ",
];

const mutations = {
  "the size": (chunks, chance) => {
    const { data } = of(chunks, "IHDR");
    data.writeUInt32BE(chance.of(sizes), 4 * chance.below(2));
    if (chance.is(0.3)) data.writeUInt32BE(chance.of(sizes), 4);
  },
  "depth, colours, packing or interlacing": (chunks, chance) => {
    of(chunks, "IHDR").data[8 + chance.below(5)] = chance.of([0, 1, 2, 3, 4, 6, 8, 16, 32, 255]);
  },
  "a length": (chunks, chance) => {
    chance.of(chunks).length = chance.of([0, 1, 4, 0x7fffffff, 0xffffffff]);
  },
  "a checksum": (chunks, chance) => {
    chance.of(chunks).crc = 0;
  },
  "another type": (chunks, chance) => {
    chance.of(chunks).type = chance.of([...texts, "IDAT", "PLTE", "IEND", "IHDR"]);
  },
  "a chunk removed": (chunks, chance) => chunks.splice(chance.below(chunks.length), 1),
  "a chunk twice": (chunks, chance) => chunks.splice(chance.below(chunks.length), 0, chance.of(chunks)),
  "chunks in another order": (chunks, chance) => chunks.splice(0, chunks.length, ...chance.shuffled(chunks)),
  "a palette": (chunks, chance) =>
    chunks.splice(1, 0, {
      type: chance.of(["PLTE", "tRNS"]),
      data: Buffer.alloc(chance.of([0, 1, 3, 768, 769, 5000]), 7),
    }),
  "a bomb of pixels": (chunks) => {
    of(chunks, "IDAT").data = bomb;
  },
  "a bomb of text": (chunks, chance) =>
    chunks.splice(1, 0, {
      type: chance.of(["zTXt", "iCCP"]),
      data: Buffer.concat([Buffer.from("name\0\0"), bomb]),
    }),
  "very many chunks": (chunks, chance) =>
    chunks.splice(
      1,
      0,
      ...Array.from({ length: 20_000 }, () => ({
        type: chance.of(["tEXt", "IDAT"]),
        data: Buffer.from("a\0b"),
      })),
    ),
  "packed pixels cut": (chunks, chance) => {
    const chunk = of(chunks, "IDAT");
    chunk.data = chunk.data.subarray(0, chance.below(chunk.data.length));
  },
  "packed pixels damaged": (chunks, chance) => {
    const { data } = of(chunks, "IDAT");
    if (data.length > 0) data[chance.below(data.length)] ^= 1 << chance.below(8);
  },
};

export function mutatedPng(bytes, chance) {
  const chunks = chunksOf(bytes);
  const { name } = chance.mutate(mutations, chunks);
  return { name, value: Buffer.concat([bytes.subarray(0, 8), ...chunks.map(written)]) };
}
