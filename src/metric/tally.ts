/** Sparse sums, written as a flat list of integers. */

/** Sums of `values` numbers, by a key of one or two integers from 0 to 65535. */
export class Tally {
  readonly #sums = new Map<number, number[]>();
  readonly #keys: number;
  readonly #zeros: readonly number[];

  constructor(keys: 1 | 2, values: number) {
    this.#keys = keys;
    this.#zeros = new Array<number>(values).fill(0);
  }

  add(key: readonly number[], values: readonly number[]): void {
    const packed = key.reduce((sum, part) => sum * 65536 + part, 0);
    let sums = this.#sums.get(packed);
    if (!sums) {
      sums = [...this.#zeros];
      this.#sums.set(packed, sums);
    }
    for (let i = 0; i < sums.length; i++) sums[i]! += values[i]!;
  }

  /** A flat list of groups, each a key and its sums, sorted by key. */
  list(): number[] {
    const unpack = (key: number) => (this.#keys === 1 ? [key] : [Math.floor(key / 65536), key % 65536]);
    return [...this.#sums].sort(([a], [b]) => a - b).flatMap(([key, sums]) => [...unpack(key), ...sums]);
  }
}

/** The groups of `length` numbers in a flat list. */
export function* groups(list: readonly number[], length: number): Generator<readonly number[]> {
  for (let i = 0; i < list.length; i += length) yield list.slice(i, i + length);
}
