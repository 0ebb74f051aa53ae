/** Random streams with a key each, so that no random number depends on the order of images, the batch or the shard. */
import { uniformFloat32 } from "pure-rand/distribution/uniformFloat32";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { sha256 } from "./hash.js";

/** A stream of random numbers that depends on its key alone. */
export interface RandomStream {
  /** The next number, uniform in [0, 1), a multiple of 2⁻²⁴. */
  next(): number;
  /** `length` numbers, uniform in [low, high). */
  uniform(length: number, low: number, high: number): Float32Array;
  /** `length` numbers from the standard normal distribution. */
  normal(length: number): Float32Array;
}

/**
 * The stream for a key such as (seed, image hash, attack, radius). Equal keys give equal numbers on every machine;
 * different keys give independent streams. The generator is xoroshiro128+, its state 128 bits of the key's SHA-256.
 */
export function randomStream(...key: readonly (string | number)[]): RandomStream {
  const digest = sha256(JSON.stringify(key));
  const word = (i: number) => Number.parseInt(digest.slice(8 * i, 8 * i + 8), 16) | 0;
  const generator = xoroshiro128plusFromState([word(0), word(1), word(2), word(3)]);
  const next = () => uniformFloat32(generator);

  return {
    next,
    uniform(length, low, high) {
      const numbers = new Float32Array(length);
      for (let i = 0; i < length; i++) numbers[i] = low + (high - low) * next();
      return numbers;
    },
    normal(length) {
      const numbers = new Float32Array(length);
      // Box–Muller transform. 1 − u is never 0, so the logarithm is finite.
      for (let i = 0; i < length; i++) {
        numbers[i] = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
      }
      return numbers;
    },
  };
}
