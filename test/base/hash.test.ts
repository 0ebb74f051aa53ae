/** SHA-256, compared with Node's own implementation. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { sha256 } from "../../src/base/index.js";

const expected = (content: Uint8Array | string) => createHash("sha256").update(content).digest("hex");

it("gives the standard's value for the empty content", () => {
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  expect(sha256("")).toBe(empty);
  expect(sha256(new Uint8Array(0))).toBe(empty);
});

it("hashes bytes, views of bytes, and a text's UTF-8", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => sha256(bytes) === expected(bytes)));
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => sha256(text) === expected(text)));
  const view = Uint8Array.from([1, 2, 3, 4]).subarray(1, 3);
  expect(sha256(view)).toBe(expected(Uint8Array.from([2, 3])));
});
