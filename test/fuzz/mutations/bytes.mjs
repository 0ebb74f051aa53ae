/** Damage to bytes whose meaning is not known. */

const interesting = [0, 1, 0x7f, 0x80, 0xff, 0x20, 0x0a, 0x5c];

const mutations = {
  "bits flipped": (bytes, chance) => {
    const damaged = Buffer.from(bytes);
    for (let n = 1 + chance.below(4); n > 0; n--)
      damaged[chance.below(damaged.length)] ^= 1 << chance.below(8);
    return damaged;
  },
  "bytes replaced": (bytes, chance) => {
    const damaged = Buffer.from(bytes);
    for (let n = 1 + chance.below(8); n > 0; n--)
      damaged[chance.below(damaged.length)] = chance.is(0.5) ? chance.below(256) : chance.of(interesting);
    return damaged;
  },
  "a number replaced": (bytes, chance) => {
    const damaged = Buffer.from(bytes);
    const at = chance.below(Math.max(1, bytes.length - 4));
    if (bytes.length >= 4) damaged.writeUInt32LE(chance.of([0, 1, 0x7fffffff, 0x80000000, 0xffffffff]), at);
    return damaged;
  },
  "cut off": (bytes, chance) => bytes.subarray(0, chance.below(bytes.length)),
  "a piece left out": (bytes, chance) => {
    const [from, to] = span(bytes, chance);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  "a piece repeated": (bytes, chance) => {
    const [from, to] = span(bytes, chance);
    const times = Array.from({ length: 1 + chance.below(20) }, () => bytes.subarray(from, to));
    return Buffer.concat([bytes.subarray(0, to), ...times, bytes.subarray(to)]);
  },
  "a piece moved": (bytes, chance) => {
    const [from, to] = span(bytes, chance);
    const rest = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
    const at = chance.below(rest.length + 1);
    return Buffer.concat([rest.subarray(0, at), bytes.subarray(from, to), rest.subarray(at)]);
  },
  "one byte all over": (bytes, chance) => {
    const [from, to] = span(bytes, chance);
    return Buffer.from(bytes).fill(chance.of(interesting), from, to);
  },
  "noise behind the beginning": (bytes, chance) => {
    const noise = Uint8Array.from({ length: chance.below(300) }, () => chance.below(256));
    return Buffer.concat([bytes.subarray(0, chance.below(16)), noise]);
  },
  "more behind the end": (bytes, chance) =>
    Buffer.concat([bytes, Uint8Array.from({ length: 1 + chance.below(64) }, () => chance.below(256))]),
};

/** Where a piece of at most 64 bytes, or rarely of any length, begins and ends. */
function span(bytes, chance) {
  const from = chance.below(bytes.length);
  const longest = chance.is(0.2) ? bytes.length - from : Math.min(64, bytes.length - from);
  return [from, from + 1 + chance.below(longest)];
}

/** Damages bytes. @returns the mutation's name and the damaged bytes */
export function damaged(bytes, chance) {
  return chance.mutate(mutations, bytes);
}
