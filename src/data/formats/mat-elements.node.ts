/** The elements of MATLAB 5 files. Every length is checked before it is used. */
import { inflateSync } from "node:zlib";
import { maxFileBytes } from "./files.node.js";

/** Numbers of the element types in the format. */
export const types = { int8: 1, uint8: 2, int32: 5, uint32: 6, matrix: 14, compressed: 15 } as const;

/** Largest number of variables, fields or dimensions. Label files have few; a hostile file could fill memory with more. */
const maxParts = 4096;

/** One element of a file: its type and its bytes. */
export interface Element {
  readonly type: number;
  readonly data: Buffer;
}

/**
 * Splits bytes into elements. Elements of up to 4 bytes store their data in the tag. All but compressed elements are
 * padded to 8 bytes.
 * @throws Error when an element is truncated, or there are too many
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
 * The elements, with each compressed one replaced by its content.
 * @throws Error when a compressed element is damaged, or all together unpack to more than `maxFileBytes`
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

/** Returns `count`. @throws Error when it exceeds `maxParts` */
export function checkParts(count: number): number {
  if (count > maxParts) throw new Error(`it has more than ${maxParts} parts`);
  return count;
}
