/** Batching: queries that arrive while the engine is busy run together, and come back one by one. */
import { arrayConstructors, type DataType, type Tensor } from "../base/index.js";
import type { Session } from "../runtime/index.js";

/** One image's feeds: every tensor without its leading batch dimension. */
export type ImageFeeds = Readonly<Record<string, Tensor>>;

export interface ImageResult {
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** The image's share of the run's time. */
  readonly seconds: number;
}

interface Job {
  readonly feeds: ImageFeeds;
  resolve(result: ImageResult): void;
  reject(error: unknown): void;
}

/** Opens the session for a batch size; called once per size. */
export type OpenBatch = (size: number) => Promise<Session>;

/**
 * Gathers queries into batches of exactly `size` images, and runs what is left over one by one: no image is
 * padded with another, and shapes stay static.
 */
export class Batcher {
  readonly #open: OpenBatch;
  readonly #size: number;
  readonly #sessions = new Map<number, Promise<Session>>();
  #queue: Job[] = [];
  #draining = false;

  constructor(open: OpenBatch, size: number) {
    this.#open = open;
    this.#size = size;
  }

  run(feeds: ImageFeeds): Promise<ImageResult> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ feeds, resolve, reject });
      if (!this.#draining) void this.#drain();
    });
  }

  async dispose(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).dispose();
    this.#sessions.clear();
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    while (this.#queue.length > 0) {
      // Let the other images, whose answers came with this one's, ask their next question first.
      if (this.#size > 1) await nextTurn();
      const size = this.#queue.length >= this.#size ? this.#size : 1;
      const jobs = this.#queue.slice(0, size);
      this.#queue = this.#queue.slice(size);
      await this.#runTogether(jobs);
    }
    this.#draining = false;
  }

  async #runTogether(jobs: readonly Job[]): Promise<void> {
    try {
      const session = await this.#session(jobs.length);
      const started = performance.now();
      const results = await session.run(stack(jobs.map((job) => job.feeds)));
      const seconds = (performance.now() - started) / 1000 / jobs.length;
      for (const [i, job] of jobs.entries())
        job.resolve({ outputs: unstack(results, i, jobs.length), seconds });
    } catch (error) {
      for (const job of jobs) job.reject(error);
    }
  }

  #session(size: number): Promise<Session> {
    const known = this.#sessions.get(size);
    if (known) return known;
    const session = this.#open(size);
    this.#sessions.set(size, session);
    return session;
  }
}

/** Resumes when everything that is ready has run; `setTimeout` alone would cost a millisecond in Node. */
function nextTurn(): Promise<void> {
  return new Promise((resume) => (globalThis.setImmediate ?? setTimeout)(resume));
}

type Numeric = Exclude<DataType, "string">;
type NumericArray = InstanceType<(typeof arrayConstructors)[Numeric]>;

function stack(feeds: readonly ImageFeeds[]): Record<string, Tensor> {
  const first = feeds[0]!;
  return Object.fromEntries(
    Object.entries(first).map(([name, { type, dims, data }]) => {
      if (feeds.length === 1) return [name, { type, dims: [1, ...dims], data }];
      const length = (data as NumericArray).length;
      const stacked = new arrayConstructors[type as Numeric](length * feeds.length);
      for (const [i, feed] of feeds.entries()) stacked.set(feed[name]!.data as never, i * length);
      return [name, { type, dims: [feeds.length, ...dims], data: stacked }];
    }),
  );
}

/** Views on image `i` of each output. */
function unstack(
  results: Readonly<Record<string, Tensor>>,
  i: number,
  count: number,
): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(results).map(([name, { type, dims, data }]) => {
      const array = data as NumericArray;
      const length = array.length / count;
      return [name, { type, dims: dims.slice(1), data: array.subarray(i * length, (i + 1) * length) }];
    }),
  );
}
