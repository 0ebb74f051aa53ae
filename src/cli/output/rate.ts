/** Rate of work, and time left. */

/** Seconds that the rate is averaged over: long enough to smooth images of different size, short enough to follow changes. */
const stretch = 60;
/** At least this many units are averaged, so that one slow unit (a validation, a suspended machine) does not dominate. */
const fewest = 20;

/**
 * The rate of the last minute, or of the last units if they take longer; attacks differ too much for the mean
 * since the start.
 */
export class Rate {
  readonly #marks: { readonly seconds: number; readonly done: number }[] = [];

  /** Records the number of units done at a time, in seconds of any clock. */
  observe(done: number, seconds: number): void {
    this.#marks.push({ seconds, done });
    while (this.#marks.length > fewest && seconds - this.#marks[1]!.seconds >= stretch) this.#marks.shift();
  }

  /** Units per second; undefined until time has passed. */
  get perSecond(): number | undefined {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    if (!first || !last || last.seconds <= first.seconds || last.done <= first.done) return undefined;
    return (last.done - first.done) / (last.seconds - first.seconds);
  }

  /** Seconds until `total` is done; undefined while unknown. */
  left(total: number): number | undefined {
    const [rate, last] = [this.perSecond, this.#marks.at(-1)];
    return rate === undefined || !last ? undefined : (total - last.done) / rate;
  }
}
