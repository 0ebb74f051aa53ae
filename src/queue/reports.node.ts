/** What workers say of themselves, so that others know who lives and what each does. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { keptSeconds, type QueueKeys } from "./keys.js";
import { readWorkers, type WorkerReport } from "./messages.js";

/** Milliseconds between two reports of a worker, and after which one that is silent counts as gone. */
const interval = 1000;
const expiry = 10_000;

/** Reports for a worker until the signal is aborted; fulfilled when the worker is signed off. */
export async function report(
  redis: Redis,
  keys: QueueKeys,
  now: () => WorkerReport,
  signal: AbortSignal,
): Promise<void> {
  const id = randomUUID();
  while (!signal.aborted) {
    await redis.set(keys.worker(id), JSON.stringify(now()), "PX", expiry);
    await redis.sadd(keys.workers, id);
    await redis.expire(keys.workers, keptSeconds);
    await sleep(interval, undefined, { signal }).catch(() => {});
  }
  await redis.unlink(keys.worker(id));
  await redis.srem(keys.workers, id);
}

/** The reports of all workers that live. */
export async function fetchWorkers(redis: Redis, keys: QueueKeys): Promise<WorkerReport[]> {
  const ids = await redis.smembers(keys.workers);
  if (ids.length === 0) return [];
  const texts = await redis.mget(...ids.map((id) => keys.worker(id)));
  const gone = ids.filter((_, i) => texts[i] === null);
  if (gone.length > 0) await redis.srem(keys.workers, ...gone);
  return readWorkers(texts);
}
