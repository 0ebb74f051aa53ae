/** Damaged files give valid tensors or a SeawallError, in little time and memory, whatever the bytes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeawallError, sizeOf, type Tensor } from "../../src/base/index.js";
import { readWeights } from "../../src/weights/index.js";
import { golden } from "./golden.js";

const victims = [
  "shared_legacy.pt",
  "types.pt",
  "nested.pt",
  "protocol4.pt",
  "wide_legacy.pt",
  "unaligned.safetensors",
];
const spareBytes = 16 * 2 ** 20;

/** Reads damaged bytes. Returns whether they could be read; throws if the outcome is invalid or takes too long. */
function survives(bytes: Uint8Array): boolean {
  const start = performance.now();
  const read = isRead(bytes);
  if (performance.now() - start > 5000) throw new Error("took more than 5 s");
  return read;
}

function isRead(bytes: Uint8Array): boolean {
  try {
    check(readWeights(bytes, "damaged").tensors, bytes.length);
    return true;
  } catch (error) {
    if (!(error instanceof SeawallError) || error.code !== "weights") throw error;
    if (!/^damaged: .{10}/.test(error.message)) throw new Error(`no reason given: ${error.message}`);
    return false;
  }
}

function check(tensors: ReadonlyMap<string, Tensor>, fileBytes: number): void {
  const buffers = new Set<ArrayBufferLike>();
  for (const { data, dims } of tensors.values()) {
    if (data.length !== sizeOf(dims)) throw new Error(`${data.length} elements for [${dims.join(", ")}]`);
    buffers.add((data as Uint8Array).buffer);
  }
  // The file, one copy of it, and the memory that strided tensors may add.
  const bytes = [...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0);
  if (bytes > 3 * fileBytes + 2 * spareBytes) throw new Error(`${bytes} bytes out of ${fileBytes}`);
}

/** A copy in its own buffer, because Node reads small files into a shared pool. */
const copyOf = (name: string) => new Uint8Array(golden(name));

describe.each(victims)("%s", (name) => {
  const original = copyOf(name);

  it("is itself read", () => expect(survives(original)).toBe(true));

  it("is refused at every truncation", () => {
    for (let length = 0; length < original.length; length += 1) {
      if (survives(original.slice(0, length))) throw new Error(`read although cut to ${length} bytes`);
    }
  });

  it("survives flips of single bits", () => {
    const stride = Math.ceil((8 * original.length) / 6_000);
    const outcomes = { read: 0, refused: 0 };
    for (let bit = 0; bit < 8 * original.length; bit += stride) {
      const damaged = original.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      outcomes[survives(damaged) ? "read" : "refused"] += 1;
    }
    expect(outcomes.read).toBeGreaterThan(0);
    expect(outcomes.refused).toBeGreaterThan(0);
  });
});

it("noise behind each format's first bytes is survived", () => {
  const beginnings = [[0x80, 2], [0x50, 0x4b, 3, 4], [], [2, 0, 0, 0, 0, 0, 0, 0, 0x7b]];
  fc.assert(
    fc.property(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 200 }), (beginning, noise) => {
      survives(Uint8Array.from([...beginning, ...noise]));
    }),
    { numRuns: 5000, seed: 2 },
  );
});
