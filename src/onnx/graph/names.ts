/** New names beside those in use. */

/** Gives names that nothing bears yet. */
export class Names {
  readonly #taken: Set<string>;
  /** Where to go on counting: a thousand equal stems take a thousand steps, not a million. */
  readonly #next = new Map<string, number>();

  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  fresh(stem: string): string {
    let name = stem;
    let i = this.#next.get(stem) ?? 1;
    while (this.#taken.has(name)) name = `${stem}_${i++}`;
    this.#next.set(stem, i);
    this.#taken.add(name);
    return name;
  }
}
