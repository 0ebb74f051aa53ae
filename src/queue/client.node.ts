/** The side of a queue that hands out work: requests go to workers on any machine, and their replies come back. */
import { setTimeout as sleep } from "node:timers/promises";
import { Queue, QueueEvents } from "bullmq";
import type { Redis } from "ioredis";
import { SeawallError, shortHash } from "../base/index.js";
import type { QueueAddress } from "./address.js";
import { ChunkSizes } from "./chunks.js";
import { connect, disconnect } from "./connection.node.js";
import { jobQueueOf, type QueueKeys, queueKeys } from "./keys.js";
import {
  checkFinished,
  type Failure,
  type QueueContent,
  readFailure,
  type StoredJob,
  type WorkerReport,
} from "./messages.js";
import { NeededParts } from "./needed-parts.node.js";
import { type Ownership, own, ownerBeat } from "./owner.node.js";
import { fetchWorkers } from "./reports.node.js";
import { type Digested, digested, fetchSetup, purge, setupScope, storeSetup } from "./store.node.js";

export interface QueueRequest extends QueueContent {
  /** Requests of a kind take about equally long. */
  readonly kind: string;
  /** What people read of it: a line. */
  readonly label: string;
}

export interface QueueWatch {
  /** Workers come and go, connections break: a sentence each. */
  readonly tell: (sentence: string) => void;
  /** The workers of this setup, every few seconds. */
  readonly onWorkers?: (workers: readonly WorkerReport[]) => void;
}

/** How often a request is tried that fails. */
const attempts = 3;
/** Jobs handed out for each request that workers answer side by side: one in work, one ahead. */
const ahead = 2;
/** Milliseconds from one look at what events may have missed to the next. */
const sweepInterval = 5000;
/** Milliseconds that closing may take where the server does not answer. */
const closingTime = 3000;

interface Asked {
  readonly request: Digested & Pick<QueueRequest, "kind" | "label">;
  readonly reply: Promise<Uint8Array>;
  resolve(reply: Uint8Array): void;
  reject(error: unknown): void;
}

/**
 * Opens a queue to hand out the requests of a setup.
 * @throws SeawallError `config` if the server cannot be used, or another process hands out work in the queue
 */
export async function openQueue(
  address: QueueAddress,
  content: QueueContent,
  watch: QueueWatch,
): Promise<QueueClient> {
  const { shown, name } = address;
  const redis = await connect(address, watch.tell);
  try {
    const keys = queueKeys(name);
    const setup = digested(setupScope, content);
    const ownership = await own(redis, keys, setup.id, { shown, tell: watch.tell });
    const before = await fetchSetup(redis, keys).catch(() => null);
    if (before !== undefined && before?.id !== setup.id) {
      watch.tell(`${shown}: the queue held the rest of another run, which is removed`);
      await purge(redis, keys);
    }
    await storeSetup(redis, keys, setup);
    return new QueueClient(redis, keys, setup, ownership, watch);
  } catch (error) {
    disconnect(redis);
    throw error;
  }
}

export class QueueClient {
  readonly #redis: Redis;
  readonly #keys: QueueKeys;
  readonly #setup: Digested;
  readonly #ownership: Ownership;
  readonly #watch: QueueWatch;
  readonly #queue: Queue;
  readonly #events: QueueEvents;
  readonly #parts: NeededParts;
  readonly #sizes = new ChunkSizes();
  /** Requests without a reply, by id. */
  readonly #asked = new Map<string, Asked>();
  /** Ids of those that are in no job yet. */
  #waiting: string[] = [];
  /** Ids of those in jobs, by the job's id. */
  readonly #jobs = new Map<string, { readonly chunk: readonly string[]; isAdded: boolean }>();
  #workers: readonly WorkerReport[] = [];
  #lastKind = "";
  #change = openPromise();
  #announced = 0;
  readonly #ending = new AbortController();
  readonly #background: Promise<unknown>;

  constructor(redis: Redis, keys: QueueKeys, setup: Digested, ownership: Ownership, watch: QueueWatch) {
    this.#redis = redis;
    this.#keys = keys;
    this.#setup = setup;
    this.#ownership = ownership;
    this.#watch = watch;
    this.#parts = new NeededParts(redis, keys);
    const options = { connection: redis, prefix: keys.prefix, skipVersionCheck: true };
    this.#queue = new Queue(jobQueueOf(setup.id), options);
    this.#events = new QueueEvents(jobQueueOf(setup.id), options);
    // A lost connection is told of by `connect`, and made again.
    this.#queue.on("error", () => {});
    this.#events.on("error", () => {});
    this.#events.on("completed", ({ jobId, returnvalue }) =>
      this.#try(() => this.#finish(jobId, returnvalue)),
    );
    this.#events.on("failed", ({ jobId, failedReason }) => this.#try(() => this.#fail(jobId, failedReason)));
    this.#background = Promise.all([
      // Those of a killed process are tried again.
      this.#try(async () => void (await this.#queue.clean(0, 0, "failed"))),
      this.#repeat(ownerBeat, () => this.#beat()),
      this.#repeat(sweepInterval, () => this.#sweep()),
    ]);
  }

  /** Requests to have under way so that all workers are busy; after `stop` any number, which are all rejected. */
  get wanted(): number {
    if (this.#ending.signal.aborted) return Number.POSITIVE_INFINITY;
    return this.#mostJobs * this.#sizes.of(this.#lastKind);
  }

  /** Fulfilled when `wanted` has changed. */
  get changed(): Promise<void> {
    return this.#change.promise;
  }

  /**
   * Sends a request, which some worker answers. One that was answered already, for a process that was killed since, is
   * answered at once.
   * @throws SeawallError as the worker threw it; Error for any other failure there
   */
  async request({ kind, label, ...content }: QueueRequest): Promise<Uint8Array> {
    this.#ending.signal.throwIfAborted();
    const request = { ...digested(this.#setup.id, content), kind, label };
    const known = this.#asked.get(request.id);
    if (known) return known.reply;
    const { promise: reply, resolve, reject } = openPromise<Uint8Array>();
    this.#asked.set(request.id, { request, reply, resolve, reject });
    this.#try(async () => {
      const early = await this.#takeReply(request.id);
      if (early) return this.#settle(request.id, early);
      this.#lastKind = kind;
      this.#waiting.push(request.id);
      this.#announce();
      await this.#handOut();
    });
    return reply;
  }

  /** Rejects all requests with a reason. */
  stop(reason: unknown): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort(reason);
    for (const { reject } of this.#asked.values()) reject(reason);
    this.#asked.clear();
    this.#jobs.clear();
    this.#waiting = [];
    this.#change.resolve();
  }

  /**
   * Ends handing out work, after `stop` or when all requests have their replies.
   * @param isDone removes what is left of the setup; otherwise workers finish what they began, for the next process with
   * the same setup
   */
  async close(isDone: boolean): Promise<void> {
    this.stop(new Error("internal: the queue was closed"));
    const closing = async () => {
      await this.#events.close();
      await (isDone ? purge(this.#redis, this.#keys) : this.#queue.drain());
      await this.#queue.close();
      await this.#ownership.release();
    };
    await Promise.race([closing().catch(() => {}), sleep(closingTime, undefined, { ref: false })]);
    disconnect(this.#redis);
    await this.#background;
  }

  /** Requests that workers answer side by side. */
  get #slots(): number {
    return this.#workers.reduce((sum, { parallel }) => sum + parallel, 0);
  }

  /** A few also where there is no worker yet, so that the first one begins at once. */
  get #mostJobs(): number {
    return ahead * Math.max(1, this.#slots);
  }

  /** Puts waiting requests into jobs. An incomplete chunk waits as long as no worker waits, and is then shared fairly. */
  async #handOut(): Promise<void> {
    while (this.#waiting.length > 0 && this.#jobs.size < this.#mostJobs) {
      const kindOf = (id: string) => this.#asked.get(id)!.request.kind;
      const kind = kindOf(this.#waiting[0]!);
      const most = this.#sizes.of(kind);
      const alike = this.#waiting.slice(0, most).filter((id) => kindOf(id) === kind);
      if (alike.length < most && this.#jobs.size >= Math.max(1, this.#slots)) return;
      const share = Math.ceil(this.#waiting.length / (this.#mostJobs - this.#jobs.size));
      const chunk = alike.slice(0, share);
      const chosen = new Set(chunk);
      this.#waiting = this.#waiting.filter((id) => !chosen.has(id));
      const jobId = `job-${shortHash(chunk.join())}`;
      const job = { chunk, isAdded: false };
      this.#jobs.set(jobId, job);
      await this.#add(jobId, chunk);
      job.isAdded = true;
    }
  }

  /** Adds a job; one that is there already, left by a killed process, stays as it is. */
  async #add(jobId: string, chunk: readonly string[]): Promise<void> {
    const requests = chunk.map((id) => this.#asked.get(id)!.request);
    await Promise.all(requests.map(({ bytes }) => this.#parts.add(bytes)));
    const data: StoredJob = {
      requests: requests.map(({ id, label, head, parts }) => ({ id, label, head, parts })),
    };
    await this.#queue.add("requests", data, { jobId, attempts, removeOnComplete: true });
  }

  /** Takes the replies of a completed job; a request whose reply was lost is handed out again. */
  async #finish(jobId: string, returned?: unknown): Promise<void> {
    const chunk = this.#leave(jobId);
    const seconds = returned === undefined ? [] : checkFinished(returned).seconds;
    for (const [i, id] of chunk.entries()) {
      const { request } = this.#asked.get(id)!;
      const reply = await this.#takeReply(id);
      await this.#parts.remove(request.bytes);
      if (typeof seconds[i] === "number") this.#sizes.measured(request.kind, seconds[i]);
      if (reply) this.#settle(id, reply);
      else this.#waiting.push(id);
    }
    this.#announce();
    await this.#handOut();
  }

  /** Rejects the requests of a failed job, unless the server has lost a part of them: those are handed out again. */
  async #fail(jobId: string, reason: string): Promise<void> {
    const chunk = this.#leave(jobId);
    await this.#queue.remove(jobId);
    const failure = readFailure(reason);
    for (const id of chunk) {
      const { request, reject } = this.#asked.get(id)!;
      await this.#parts.remove(request.bytes);
      if (failure.lost) this.#waiting.push(id);
      else {
        this.#asked.delete(id);
        reject(failureOf(request.label, failure));
      }
    }
    if (failure.lost) this.#watch.tell(`${failure.message}; it is sent again`);
    await this.#handOut();
  }

  /** The requests of a job that is over; none where that was noticed before. */
  #leave(jobId: string): readonly string[] {
    const chunk = this.#jobs.get(jobId)?.chunk ?? [];
    this.#jobs.delete(jobId);
    return chunk;
  }

  async #takeReply(id: string): Promise<Buffer | null> {
    return this.#redis.getdelBuffer(this.#keys.reply(id));
  }

  #settle(id: string, reply: Uint8Array): void {
    this.#asked.get(id)?.resolve(reply);
    this.#asked.delete(id);
  }

  /** Says that this process lives, and looks which workers do. */
  async #beat(): Promise<void> {
    await this.#ownership.renew();
    await storeSetup(this.#redis, this.#keys, this.#setup);
    const all = await fetchWorkers(this.#redis, this.#keys);
    this.#workers = all.filter(({ setup }) => setup === this.#setup.id);
    this.#watch.onWorkers?.(this.#workers);
    this.#announce();
    await this.#handOut();
  }

  /** Looks for jobs whose end was not heard of, or which a server without persistence has lost. */
  async #sweep(): Promise<void> {
    for (const [jobId, { isAdded }] of [...this.#jobs]) {
      if (!isAdded) continue;
      const job = await this.#queue.getJob(jobId);
      if (!job) await this.#finish(jobId);
      else if (await job.isFailed()) await this.#fail(jobId, job.failedReason);
    }
  }

  /** Many may wait for a change: they are not woken for none. */
  #announce(): void {
    if (this.wanted === this.#announced) return;
    this.#announced = this.wanted;
    this.#change.resolve();
    this.#change = openPromise();
  }

  /** Does something again and again until the end. */
  async #repeat(milliseconds: number, action: () => Promise<void>): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await this.#try(action);
      await sleep(milliseconds, undefined, { signal }).catch(() => {});
    }
  }

  /** What fails in the background fails every request. */
  async #try(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.stop(error);
    }
  }
}

/** What a failed request throws. */
function failureOf(label: string, { worker, code, message }: Failure): Error {
  if (/stalled more than allowable/.test(message)) {
    return new SeawallError(
      "config",
      `${label}: worker after worker ended at it without a word; perhaps they run out of memory: start them with a smaller --parallel`,
    );
  }
  const text = `${label}${worker && ` (${worker})`}: ${message}`;
  return code ? new SeawallError(code, text) : new Error(text);
}

interface OpenPromise<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

function openPromise<T = void>(): OpenPromise<T> {
  const functions = {} as Pick<OpenPromise<T>, "resolve" | "reject">;
  const promise = new Promise<T>((resolve, reject) => Object.assign(functions, { resolve, reject }));
  return { promise, ...functions };
}
