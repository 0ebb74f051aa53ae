/** Content hashes. */
import { sha256 as digest } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** SHA-256 of bytes, or of a text's UTF-8, as 64 lower-case hexadecimal digits. */
export function sha256(content: Uint8Array | string): string {
  return bytesToHex(digest(typeof content === "string" ? utf8ToBytes(content) : content));
}

/** The first 16 of these digits. */
export function shortHash(content: Uint8Array | string): string {
  return sha256(content).slice(0, 16);
}
