/** How many requests go into one job: as many as take long enough that handing out the job does not count. */

/** Seconds that a job takes at least, where its requests are short. */
const leastJobSeconds = 1;
const mostRequests = 64;
/** How fast an old measurement is forgotten. */
const weightOfNew = 0.3;

export class ChunkSizes {
  readonly #seconds = new Map<string, number>();

  /** A request of a kind took so long. */
  measured(kind: string, seconds: number): void {
    const before = this.#seconds.get(kind) ?? seconds;
    this.#seconds.set(kind, before + weightOfNew * (seconds - before));
  }

  /** 1 for a kind that was not measured yet. */
  of(kind: string): number {
    const seconds = this.#seconds.get(kind);
    if (seconds === undefined) return 1;
    return Math.min(mostRequests, Math.max(1, Math.floor(leastJobSeconds / Math.max(seconds, 1e-3))));
  }
}
