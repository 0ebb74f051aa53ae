/** A cheap check of the compressed pixels of a PNG, so that a small hostile file cannot fill memory. */
import { inflateSync } from "node:zlib";
import { type PngParts, unpackedBytes } from "./png.js";

/**
 * Unpacks an image once, with a limit, to check that it is complete.
 * @throws Error when the compressed pixels are damaged, fewer than the header says, or far more.
 */
export function checkPacked({ header, packed }: PngParts): void {
  const expected = unpackedBytes(header);
  const length = unpackedLength(packed, 2 * expected + 1024);
  if (length < expected) throw new Error("the file is truncated");
}

function unpackedLength(packed: Uint8Array, limit: number): number {
  try {
    return inflateSync(packed, { maxOutputLength: limit }).length;
  } catch (error) {
    const tooLarge = error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
    throw tooLarge ? new Error("it unpacks to more pixels than its header says") : error;
  }
}
