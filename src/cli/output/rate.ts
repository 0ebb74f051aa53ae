/** How fast work goes, and how long it will still take. */

/** A stretch long enough to smooth over images of different size, short enough to notice a change. */
const stretch = 60;
/** So that one slow unit, a validation or a sleeping machine, does not stand for all. */
const fewest = 20;

/**
 * The rate of the last minute, or of the last units if they take longer; attacks and devices differ too much for the mean
 * since the start.
 */
export class Rate {
  readonly #marks: { readonly seconds: number; readonly done: number }[] = [];

  /** So much was done at this time (in seconds of any clock). */
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
