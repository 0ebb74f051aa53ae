/** The parts of requests on the server: stored once while any request needs them, then removed. */
import type { Redis } from "ioredis";
import type { QueueKeys } from "./keys.js";
import { storePart } from "./store.node.js";

type Parts = ReadonlyMap<string, Uint8Array>;

export class NeededParts {
  readonly #redis: Redis;
  readonly #keys: QueueKeys;
  /** By SHA-256: how many requests need a part, and when it is stored. */
  readonly #needed = new Map<string, { requests: number; readonly stored: Promise<void> }>();

  constructor(redis: Redis, keys: QueueKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Fulfilled when a request's parts are stored. */
  async add(parts: Parts): Promise<void> {
    for (const [digest, bytes] of parts) {
      const known = this.#needed.get(digest);
      if (known) known.requests++;
      else {
        const stored = storePart(this.#redis, this.#keys, digest, bytes);
        this.#needed.set(digest, { requests: 1, stored });
      }
    }
    await Promise.all([...parts.keys()].map((digest) => this.#needed.get(digest)!.stored));
  }

  async remove(parts: Parts): Promise<void> {
    const unneeded = [...parts.keys()].filter((digest) => --this.#needed.get(digest)!.requests === 0);
    for (const digest of unneeded) this.#needed.delete(digest);
    if (unneeded.length > 0) await this.#redis.unlink(...unneeded.map((digest) => this.#keys.part(digest)));
  }
}
