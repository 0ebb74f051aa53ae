/** How far a run is: passes done of those expected. */

export interface ProgressEvent {
  /** Passes done, those that were saved counted as done. */
  readonly done: number;
  readonly total: number;
  readonly attack: string;
  readonly eps: string;
}

/** Counts passes; a record that took fewer than expected brings the count up to what was expected for it. */
export class Progress {
  #total: number;
  readonly #onProgress: ((event: ProgressEvent) => void) | undefined;
  #settled = 0;
  #open = 0;
  #attack = "";
  #eps = "";

  constructor(total: number, onProgress?: (event: ProgressEvent) => void) {
    this.#total = total;
    this.#onProgress = onProgress;
  }

  began(attack: string, eps: string): void {
    this.#attack = attack;
    this.#eps = eps;
  }

  passed(): void {
    this.#open++;
    this.#report();
  }

  /** A record is done for which so many passes were expected. */
  recorded(expected: number): void {
    this.#settled += expected;
    this.#open = Math.max(0, this.#open - expected);
    this.#report();
  }

  /** So many of the passes in the total are not needed. */
  spared(passes: number): void {
    this.#total = Math.max(this.#total - passes, this.#settled);
    this.#report();
  }

  #report(): void {
    const done = Math.min(this.#settled + this.#open, this.#total);
    this.#onProgress?.({ done, total: this.#total, attack: this.#attack, eps: this.#eps });
  }
}
