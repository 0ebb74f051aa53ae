/** Random choices that depend on their key alone: the same seed, format and number give the same case. */
import { randomStream } from "../../../dist/base/index.js";

/** Random choices from a stream of its own. */
export class Chance {
  #stream;

  constructor(...key) {
    this.#stream = randomStream("fuzz", ...key);
  }

  /** A whole number in [0, end). */
  below(end) {
    return Math.floor(this.#stream.next() * end);
  }

  /** True with this probability. */
  is(probability) {
    return this.#stream.next() < probability;
  }

  /** An element of a list; undefined if the list is empty. */
  of(list) {
    return list[this.below(list.length)];
  }

  /** A copy of a list in random order. */
  shuffled(list) {
    const copy = [...list];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [copy[i], copy[j]] = [copy[j], copy[i]];
    }
    return copy;
  }

  /**
   * Picks a row of a table of mutations and calls it with `args` and these choices.
   * @returns the row's name and what it returned
   */
  mutate(table, ...args) {
    const name = this.of(Object.keys(table));
    return { name, value: table[name](...args, this) };
  }
}
