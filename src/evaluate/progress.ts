/** How far a run is: passes done of those expected. */

export interface ProgressEvent {
  /** Passes done, those that were saved counted as done. */
  readonly done: number;
  readonly total: number;
  readonly attack: string;
  readonly eps: string;
}

/** Counts passes; a record that took fewer than planned brings the count up to what was planned for it. */
export class Progress {
  readonly #total: number;
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

  /** A record is done for which `planned` passes were expected. */
  recorded(planned: number): void {
    this.#settled += planned;
    this.#open = Math.max(0, this.#open - planned);
    this.#report();
  }

  #report(): void {
    const done = Math.min(this.#settled + this.#open, this.#total);
    this.#onProgress?.({ done, total: this.#total, attack: this.#attack, eps: this.#eps });
  }
}
