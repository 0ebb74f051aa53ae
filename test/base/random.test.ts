/** Random streams: known values, keys, independence of order, and distributions. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { randomStream } from "../../src/base/index.js";

const mask = (1n << 64n) - 1n;
const rotate = (x: bigint, by: bigint) => ((x << by) | (x >> (64n - by))) & mask;

/** xoroshiro128+ (Blackman and Vigna, 2018: rotations 24, 16, 37) from the key's SHA-256, written a second time. */
function* reference(...key: readonly (string | number)[]): Generator<number> {
  const digest = createHash("sha256").update(JSON.stringify(key)).digest("hex");
  const word = (i: number) => BigInt(`0x${digest.slice(8 * i, 8 * i + 8)}`);
  let [s0, s1] = [(word(0) << 32n) | word(1), (word(2) << 32n) | word(3)];
  for (;;) {
    // The lower 24 bits of the sum make a number in [0, 1).
    yield Number((s0 + s1) & 0xffffffn) * 2 ** -24;
    s1 ^= s0;
    s0 = rotate(s0, 24n) ^ s1 ^ ((s1 << 16n) & mask);
    s1 = rotate(s1, 37n);
  }
}

const draw = (stream: { next(): number }, count: number) =>
  Array.from({ length: count }, () => stream.next());

describe("a random stream", () => {
  it.each([[[0]], [["attack", 0, "4/255"]], [[1e9, "ünïcode"]]])("of %j is that of the reference", (key) => {
    const expected = reference(...key);
    expect(draw(randomStream(...key), 1000)).toEqual(
      Array.from({ length: 1000 }, () => expected.next().value),
    );
  });

  it("depends on its key alone, not on other streams drawn in between", () => {
    const alone = draw(randomStream("image", 1), 10);
    const [first, second] = [randomStream("image", 1), randomStream("image", 2)];
    const together = Array.from({ length: 10 }, () => [first.next(), second.next()] as const);
    expect(together.map(([a]) => a)).toEqual(alone);
    expect(together.map(([, b]) => b)).toEqual(draw(randomStream("image", 2), 10));
  });

  it.each([
    [["a", "b"], ["ab"]],
    [
      ["a", "b"],
      ["b", "a"],
    ],
    [[1], ["1"]],
    [[1, 2], [12]],
    [[0], [1]],
  ])("of key %j differs from that of %j", (a, b) => {
    const [one, other] = [draw(randomStream(...a), 8), draw(randomStream(...b), 8)];
    expect(one.filter((value, i) => value === other[i])).toEqual([]);
  });

  it("gives uniform numbers in [low, high) from the same draws as next", () => {
    const numbers = randomStream(0).uniform(100, -2, 6);
    expect(Array.from(numbers)).toEqual(draw(randomStream(0), 100).map((u) => Math.fround(-2 + 8 * u)));
    const unit = randomStream(1).uniform(20_000, 0, 1);
    expect(unit.every((value) => value >= 0 && value < 1)).toBe(true);
    const mean = unit.reduce((sum, value) => sum + value, 0) / unit.length;
    // Four standard deviations of the mean of 20,000 uniform numbers; the stream is fixed, so this cannot flicker.
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * unit.length));
  });

  it("gives normal numbers of mean 0 and variance 1, all finite", () => {
    const numbers = randomStream(2).normal(20_000);
    expect(numbers.every(Number.isFinite)).toBe(true);
    const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    const variance = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / numbers.length;
    const tail = numbers.filter((value) => Math.abs(value) > 1.96).length / numbers.length;
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(numbers.length));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / numbers.length));
    expect(Math.abs(tail - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / numbers.length));
  });
});
