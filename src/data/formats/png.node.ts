/** Cheap checks of a PNG before its pixels are unpacked, so that a small hostile file cannot fill memory. */
import { inflateSync } from "node:zlib";

/** The header of a PNG: size in pixels, bits per channel, colour type and interlacing as in the standard. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly interlaced: boolean;
}

/** Channels of each colour type of the standard: grey, RGB, palette, grey and RGB with transparency. */
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Number of channels of a colour type; undefined if there is no such type. */
export function pngChannels(colour: number): number | undefined {
  return channelsOf[colour];
}

const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

export function isPng(bytes: Buffer): boolean {
  return bytes.subarray(0, 8).equals(signature);
}

/** Chunks that are kept besides the first header. A second header is dropped, since it could claim another size. */
const essentialTypes = ["PLTE", "IDAT", "IEND"];

interface Chunk {
  readonly type: string;
  /** Length, type, data and checksum. */
  readonly whole: Buffer;
}

/** A PNG split into its parts. */
export interface PngParts {
  readonly header: PngHeader;
  /** The same image without profiles, texts and transparency, so that only the pixels are compressed. */
  readonly essential: Buffer;
  /** The compressed pixels. */
  readonly packed: Buffer;
}

/** Splits a PNG into its parts. @throws Error describing the problem, without the file's name */
export function takeApart(bytes: Buffer): PngParts {
  if (!isPng(bytes)) throw new Error("not a PNG file");
  const chunks = [...chunksOf(bytes)];
  const header = chunks[0];
  if (header?.type !== "IHDR" || dataOf(header).length !== 13) throw new Error("the PNG header is missing");
  if (chunks.at(-1)?.type !== "IEND") throw new Error("the file is truncated");
  const kept = [header, ...chunks.filter(({ type }) => essentialTypes.includes(type))];
  return {
    header: readHeader(dataOf(header)),
    essential: Buffer.concat([signature, ...kept.map(({ whole }) => whole)]),
    packed: Buffer.concat(kept.filter(({ type }) => type === "IDAT").map(dataOf)),
  };
}

/** The chunks up to IEND or the end of the file. A truncated chunk is left out. */
function* chunksOf(bytes: Buffer): Generator<Chunk> {
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 12 + bytes.readUInt32BE(at);
    if (end > bytes.length) return;
    const type = bytes.toString("latin1", at + 4, at + 8);
    yield { type, whole: bytes.subarray(at, end) };
    if (type === "IEND") return;
    at = end;
  }
}

function dataOf({ whole }: Chunk): Buffer {
  return whole.subarray(8, -4);
}

function readHeader(data: Buffer): PngHeader {
  return {
    width: data.readUInt32BE(0),
    height: data.readUInt32BE(4),
    depth: data[8]!,
    colour: data[9]!,
    interlaced: data[12] !== 0,
  };
}

/**
 * Unpacks an image once, with a limit, to check that it is complete.
 * @throws Error when the compressed pixels are damaged, fewer than the header says, or far more.
 */
export function checkPacked({ header, packed }: PngParts): void {
  const expected = unpackedBytes(header);
  const length = unpackedLength(packed, 2 * expected + 1024);
  if (length < expected) throw new Error("the file is truncated");
}

function unpackedLength(packed: Buffer, limit: number): number {
  try {
    return inflateSync(packed, { maxOutputLength: limit }).length;
  } catch (error) {
    const tooLarge = error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
    throw tooLarge ? new Error("it unpacks to more pixels than its header says") : error;
  }
}

/** Bytes of all rows, each with its filter type. An interlaced image consists of seven smaller ones. */
function unpackedBytes({ width, height, depth, colour, interlaced }: PngHeader): number {
  const bits = depth * (pngChannels(colour) ?? 1);
  const passes = interlaced ? adam7 : [{ x: 0, y: 0, dx: 1, dy: 1 }];
  return passes.reduce((sum, { x, y, dx, dy }) => {
    const columns = Math.ceil((width - x) / dx);
    const rows = Math.ceil((height - y) / dy);
    return columns > 0 && rows > 0 ? sum + rows * (1 + Math.ceil((columns * bits) / 8)) : sum;
  }, 0);
}

const adam7 = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];
