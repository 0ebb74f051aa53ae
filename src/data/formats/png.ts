/** The parts of a PNG, before its pixels are unpacked. */

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

const signature = Uint8Array.from("\x89PNG\r\n\x1a\n", (character) => character.charCodeAt(0));

export function isPng(bytes: Uint8Array): boolean {
  return signature.every((byte, i) => bytes[i] === byte);
}

/** Chunks that are kept besides the first header. A second header is dropped, since it could claim another size. */
const essentialTypes = ["PLTE", "IDAT", "IEND"];

interface Chunk {
  readonly type: string;
  /** Length, type, data and checksum. */
  readonly whole: Uint8Array;
}

/** A PNG split into its parts. */
export interface PngParts {
  readonly header: PngHeader;
  /** The same image without profiles, texts and transparency, so that only the pixels are compressed. */
  readonly essential: Uint8Array;
  /** The compressed pixels. */
  readonly packed: Uint8Array<ArrayBuffer>;
}

/** Splits a PNG into its parts. @throws Error describing the problem, without the file's name */
export function takeApart(bytes: Uint8Array): PngParts {
  if (!isPng(bytes)) throw new Error("not a PNG file");
  const chunks = [...chunksOf(bytes)];
  const header = chunks[0];
  if (header?.type !== "IHDR" || dataOf(header).length !== 13) throw new Error("the PNG header is missing");
  if (chunks.at(-1)?.type !== "IEND") throw new Error("the file is truncated");
  const kept = [header, ...chunks.filter(({ type }) => essentialTypes.includes(type))];
  return {
    header: readHeader(dataOf(header)),
    essential: joined([signature, ...kept.map(({ whole }) => whole)]),
    packed: joined(kept.filter(({ type }) => type === "IDAT").map(dataOf)),
  };
}

/** The chunks up to IEND or the end of the file. A truncated chunk is left out. */
function* chunksOf(bytes: Uint8Array): Generator<Chunk> {
  const view = viewOf(bytes);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 12 + view.getUint32(at);
    if (end > bytes.length) return;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    yield { type, whole: bytes.subarray(at, end) };
    if (type === "IEND") return;
    at = end;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function dataOf({ whole }: Chunk): Uint8Array {
  return whole.subarray(8, -4);
}

function readHeader(data: Uint8Array): PngHeader {
  return {
    width: viewOf(data).getUint32(0),
    height: viewOf(data).getUint32(4),
    depth: data[8]!,
    colour: data[9]!,
    interlaced: data[12] !== 0,
  };
}

/** Bytes of all unpacked rows, each with its filter type. An interlaced image consists of seven smaller ones. */
export function unpackedBytes({ width, height, depth, colour, interlaced }: PngHeader): number {
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
