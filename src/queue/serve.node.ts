/** The side of a queue that works: takes requests, answers them, and gives back what it cannot finish. */
import { once } from "node:events";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { type Job, UnrecoverableError, WaitingError, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { messageOf, SeawallError } from "../base/index.js";
import type { QueueAddress } from "./address.js";
import { connect, disconnect } from "./connection.node.js";
import { jobQueueOf, keptSeconds, type QueueKeys, queueKeys } from "./keys.js";
import {
  checkJob,
  type Failure,
  type Finished,
  type QueueContent,
  type StoredRequest,
  type WorkerReport,
} from "./messages.js";
import { report } from "./reports.node.js";
import { bufferOf, fetchParts, fetchSetup, LostPart } from "./store.node.js";

/** Who answers the requests of a setup. */
export interface Answerer {
  /** Requests that it answers side by side. */
  readonly parallel: number;
  /** @throws (rejects) soon when the work is stopped */
  answer(request: QueueContent): Promise<Uint8Array>;
  dispose(): Promise<void>;
}

export interface ServeOptions {
  /**
   * Prepares for the requests of a setup.
   * @param onPass to be called at every step of the work that progress counts
   * @throws SeawallError for a setup that this process cannot work for, which ends the serving
   */
  prepare(setup: QueueContent, onPass: () => void, signal: AbortSignal): Promise<Answerer>;
  /** Seconds after which requests of a worker that is silent are given to others. */
  readonly patience: number;
  /** Ends after so many seconds without work; default: never. */
  readonly idle?: number | undefined;
  /** Ends the serving; requests that are not answered yet are given back. */
  readonly signal: AbortSignal;
  readonly tell: (sentence: string) => void;
}

/** How often a request may be left by workers that died. */
const mostStalls = 20;
/** Milliseconds from one look at whether there is another setup to the next. */
const lookInterval = 1000;

/**
 * Works for the setups of a queue, one after the other, until it is stopped or idle.
 * @returns the number of requests answered
 * @throws SeawallError `config` if the server cannot be used; what `prepare` throws
 */
export async function serveQueue(address: QueueAddress, options: ServeOptions): Promise<number> {
  const redis = await connect(address, options.tell);
  const server = new QueueServer(redis, queueKeys(address.name), options);
  try {
    await server.run();
    return server.answered;
  } finally {
    disconnect(redis);
  }
}

class QueueServer {
  readonly #redis: Redis;
  readonly #keys: QueueKeys;
  readonly #options: ServeOptions;
  /** In milliseconds of this process. */
  readonly #start = performance.now();
  readonly #doing = new Map<string, { readonly label: string; readonly start: number }>();
  readonly #name = `${hostname()}, process ${process.pid}`;
  #setup: string | undefined;
  #parallel = 1;
  #answered = 0;
  #passes = 0;
  #lastWork = Date.now();

  constructor(redis: Redis, keys: QueueKeys, options: ServeOptions) {
    this.#redis = redis;
    this.#keys = keys;
    this.#options = options;
  }

  get answered(): number {
    return this.#answered;
  }

  async run(): Promise<void> {
    const { tell } = this.#options;
    const ended = new AbortController();
    const reporting = report(this.#redis, this.#keys, () => this.#report(), ended.signal);
    try {
      for (let isWaiting = false; !this.#isOver(); ) {
        const setup = await this.#fetchSetup();
        if (setup) await this.#serve(setup.id, setup.content);
        else if (!isWaiting) tell("waiting for a run");
        isWaiting = setup === undefined;
        if (isWaiting) await this.#rest();
      }
    } finally {
      ended.abort();
      await Promise.race([reporting.catch(() => {}), sleep(1000, undefined, { ref: false })]);
    }
  }

  /** The setup of the queue; undefined where there is none, or its parts are being removed. */
  async #fetchSetup(): Promise<{ readonly id: string; readonly content: QueueContent } | undefined> {
    const setup = await fetchSetup(this.#redis, this.#keys);
    if (!setup) return undefined;
    try {
      const parts = await fetchParts(this.#redis, this.#keys, setup.parts);
      return { id: setup.id, content: { head: setup.head, parts } };
    } catch (error) {
      if (error instanceof LostPart) return undefined;
      throw error;
    }
  }

  /** Works for a setup until the queue holds another one or none. */
  async #serve(id: string, content: QueueContent): Promise<void> {
    const { prepare, patience, signal, tell } = this.#options;
    const answerer = await prepare(content, () => this.#passes++, signal);
    const third = (1000 * patience) / 3;
    const worker = new Worker(jobQueueOf(id), (job, token) => this.#work(job, token, answerer), {
      ...{ connection: this.#redis, prefix: this.#keys.prefix, skipVersionCheck: true },
      ...{ concurrency: answerer.parallel, maxStalledCount: mostStalls },
      // A silent worker's lock expires within a third, and is found to be missing at the second look from there.
      ...{ lockDuration: third, stalledInterval: third },
    });
    worker.on("error", () => {});
    const onStop = () => worker.pause(true);
    signal.addEventListener("abort", onStop, { once: true });
    [this.#setup, this.#parallel, this.#lastWork] = [id, answerer.parallel, Date.now()];
    try {
      while (!this.#isOver()) {
        await this.#rest();
        if ((await fetchSetup(this.#redis, this.#keys))?.id !== id) break;
      }
    } finally {
      this.#setup = undefined;
      signal.removeEventListener("abort", onStop);
      await worker.close();
      await answerer.dispose();
    }
    if (!this.#isOver()) tell("the run is over");
  }

  /** Answers the requests of a job one after the other. Transfers go on while others are answered. */
  async #work(job: Job, token: string | undefined, answerer: Answerer): Promise<Finished> {
    const { signal } = this.#options;
    const { requests } = checkJob(job.data);
    const asked = requests.map((request) => this.#fetch(request));
    for (const content of asked) content.catch(() => {});
    try {
      const seconds = [];
      const stored = [];
      for (const [i, { id, label }] of requests.entries()) {
        this.#doing.set(id, { label, start: performance.now() });
        const content = await asked[i]!;
        signal.throwIfAborted();
        const started = performance.now();
        const reply = content && (await unlessAborted(answerer.answer(content), signal));
        seconds.push(content ? (performance.now() - started) / 1000 : null);
        if (reply) stored.push(this.#store(id, reply));
        this.#doing.delete(id);
      }
      await Promise.all(stored);
      return { seconds };
    } catch (error) {
      if (!signal.aborted) throw this.#failure(error);
      await job.moveToWait(token);
      throw new WaitingError();
    } finally {
      for (const { id } of requests) this.#doing.delete(id);
      this.#lastWork = Date.now();
    }
  }

  /** What is asked; undefined where there is a reply already, from a worker that was taken for dead. */
  async #fetch({ id, head, parts }: StoredRequest): Promise<QueueContent | undefined> {
    if (await this.#redis.exists(this.#keys.reply(id))) return undefined;
    return { head, parts: await fetchParts(this.#redis, this.#keys, parts) };
  }

  async #store(id: string, reply: Uint8Array): Promise<void> {
    await this.#redis.set(this.#keys.reply(id), bufferOf(reply), "EX", keptSeconds);
    this.#answered++;
  }

  /** A mistake of the user's is the same on every worker, and what is lost is lost for all; anything else is tried again. */
  #failure(error: unknown): Error {
    const known = error instanceof SeawallError;
    const lost = error instanceof LostPart;
    const failure: Failure = {
      worker: this.#name,
      ...(known && { code: error.code }),
      ...(lost && { lost }),
      message: messageOf(error),
    };
    return known || lost
      ? new UnrecoverableError(JSON.stringify(failure))
      : new Error(JSON.stringify(failure));
  }

  #isOver(): boolean {
    const { signal, idle } = this.#options;
    const isIdle =
      this.#doing.size === 0 && Date.now() - this.#lastWork > 1000 * (idle ?? Number.POSITIVE_INFINITY);
    return signal.aborted || isIdle;
  }

  async #rest(): Promise<void> {
    await sleep(lookInterval, undefined, { signal: this.#options.signal }).catch(() => {});
  }

  #report(): WorkerReport {
    const secondsSince = (start: number) => Math.round(performance.now() - start) / 1000;
    return {
      ...{ host: hostname(), pid: process.pid, seconds: secondsSince(this.#start) },
      ...(this.#setup !== undefined && { setup: this.#setup }),
      ...{ parallel: this.#parallel, answered: this.#answered, passes: this.#passes },
      doing: [...this.#doing.values()].map(({ label, start }) => ({ label, seconds: secondsSince(start) })),
    };
  }
}

/** The value of a promise, unless a signal is aborted first. */
async function unlessAborted<T>(value: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = new AbortController();
  const aborted = once(signal, "abort", { signal: over.signal }).then(() => signal.throwIfAborted());
  aborted.catch(() => {});
  try {
    return (await Promise.race([value, aborted])) as T;
  } finally {
    over.abort();
  }
}
