/** New names that differ from those in use. */

/** Gives names that are not in use. */
export class Names {
  readonly #taken: Set<string>;
  /** The next number to try for each stem, so that n equal stems take n steps, not n². */
  readonly #next = new Map<string, number>();

  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  /** The first of `stem`, `stem_1`, … that is not in use. */
  fresh(stem: string): string {
    let name = stem;
    let i = this.#next.get(stem) ?? 1;
    while (this.#taken.has(name)) name = `${stem}_${i++}`;
    this.#next.set(stem, i);
    this.#taken.add(name);
    return name;
  }
}
