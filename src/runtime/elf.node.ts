/** Which libraries a shared library of Linux names as needed, read from its file. */
import { closeSync, openSync, readSync } from "node:fs";

/** A program header: a part of the file, and where it lies in memory. */
interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

const [loadSegment, dynamicSegment] = [1, 2];
/** Tags of the dynamic section. */
const [endTag, neededTag, stringsTag] = [0, 1, 5];
/** Far more than any library has; a damaged file may ask for more. */
const [mostSegments, mostDynamicBytes, longestName] = [64, 2 ** 16, 256];

/**
 * The names under NEEDED, in their order: what the system's loader must find before the library can be used.
 * @throws Error if the file cannot be read, or is no library of 64 bits, little-endian
 */
export function neededLibraries(file: string): string[] {
  const handle = openSync(file, "r");
  try {
    const read = (offset: number, length: number) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(handle, bytes, 0, length, offset));
    };
    return namesIn(read);
  } finally {
    closeSync(handle);
  }
}

type Read = (offset: number, length: number) => Buffer;

function namesIn(read: Read): string[] {
  const header = read(0, 64);
  const isElf = header.length === 64 && header.toString("latin1", 0, 6) === "\x7fELF\x02\x01";
  if (!isElf) throw new Error("not a shared library of Linux for 64 bits");
  const segments = segmentsOf(read, header);
  const dynamic = segments.find(({ type }) => type === dynamicSegment);
  if (!dynamic) return [];
  const entries = dynamicEntries(read(dynamic.offset, Math.min(dynamic.size, mostDynamicBytes)));
  const strings = entries.find(({ tag }) => tag === stringsTag);
  if (!strings) return [];
  const start = offsetOf(strings.value, segments);
  const names = entries.filter(({ tag }) => tag === neededTag);
  return names.map(({ value }) => textIn(read(start + value, longestName)));
}

function segmentsOf(read: Read, header: Buffer): Segment[] {
  const [offset, size, count] = [whole(header, 32), header.readUInt16LE(54), header.readUInt16LE(56)];
  if (size < 56) throw new Error("its program headers are too short");
  return Array.from({ length: Math.min(count, mostSegments) }, (_, i) => {
    const bytes = read(offset + i * size, 56);
    if (bytes.length < 56) throw new Error("its program headers lie outside of the file");
    return {
      type: bytes.readUInt32LE(0),
      offset: whole(bytes, 8),
      address: whole(bytes, 16),
      size: whole(bytes, 32),
    };
  });
}

function dynamicEntries(bytes: Buffer): { readonly tag: number; readonly value: number }[] {
  const count = Math.floor(bytes.length / 16);
  const entries = Array.from({ length: count }, (_, i) => ({
    tag: whole(bytes, 16 * i),
    value: whole(bytes, 16 * i + 8),
  }));
  const end = entries.findIndex(({ tag }) => tag === endTag);
  return end < 0 ? entries : entries.slice(0, end);
}

/** Where in the file an address of memory comes from. */
function offsetOf(address: number, segments: readonly Segment[]): number {
  const isIn = (part: Segment) => part.address <= address && address < part.address + part.size;
  const part = segments.find((segment) => segment.type === loadSegment && isIn(segment));
  if (!part) throw new Error("its names lie outside of the file");
  return address - part.address + part.offset;
}

function whole(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}

function textIn(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}
