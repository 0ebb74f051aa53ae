/** The elements that MATLAB 5 files are made of; every length is checked before it is believed. */
import { inflateSync } from "node:zlib";
import { maxFileBytes } from "./files.node.js";

/** The types of elements, as the format numbers them. */
export const types = { int8: 1, uint8: 2, int32: 5, uint32: 6, matrix: 14, compressed: 15 } as const;

/** More variables, fields or dimensions than this are no label file: a few bytes each, they would fill memory. */
const maxParts = 4096;

/** A piece of a file: a type and its bytes. */
export interface Element {
  readonly type: number;
  readonly data: Buffer;
}

/**
 * The elements one after another; small ones keep their bytes in the tag, all but packed ones fill up to 8 bytes.
 * @throws Error when they are cut off or too many
 */
export function matElements(bytes: Buffer): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 > bytes.length) throw new Error("the file is truncated");
    checkParts(elements.length);
    const word = bytes.readUInt32LE(at);
    const isSmall = word > 0xffff;
    const type = isSmall ? word & 0xffff : word;
    const length = isSmall ? word >>> 16 : bytes.readUInt32LE(at + 4);
    const start = isSmall ? at + 4 : at + 8;
    if (start + length > (isSmall ? at + 8 : bytes.length)) throw new Error("the file is truncated");
    elements.push({ type, data: bytes.subarray(start, start + length) });
    if (isSmall) at += 8;
    else at = start + (type === types.compressed ? length : Math.ceil(length / 8) * 8);
  }
  return elements;
}

/**
 * The elements, each packed one being replaced by what it holds; together at most as large as any file may be.
 * @throws Error when a packed one is damaged or they unpack to more
 */
export function* unpacked(elements: readonly Element[]): Generator<Element> {
  let left = maxFileBytes;
  for (const element of elements) {
    if (element.type !== types.compressed) yield element;
    else {
      const bytes = inflate(element.data, left);
      left -= bytes.length;
      yield* matElements(bytes);
    }
  }
}

function inflate(packed: Buffer, limit: number): Buffer {
  try {
    return inflateSync(packed, { maxOutputLength: Math.max(limit, 1) });
  } catch (error) {
    const tooLarge = error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
    throw tooLarge ? new Error(`it unpacks to more than ${maxFileBytes} bytes`) : error;
  }
}

/** The numbers of an element of type int32. */
export function int32s(data: Buffer): number[] {
  const length = checkParts(Math.floor(data.length / 4));
  return Array.from({ length }, (_, i) => data.readInt32LE(4 * i));
}

/** @throws Error when that many parts are too many */
export function checkParts(count: number): number {
  if (count > maxParts) throw new Error(`it has more than ${maxParts} parts`);
  return count;
}
