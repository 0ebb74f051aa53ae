/** The process that hands out the work of a queue: one at a time. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { SeawallError } from "../base/index.js";
import type { QueueKeys } from "./keys.js";
import { type Owner, readOwner } from "./messages.js";

/** Milliseconds after which an owner that is silent has none any more, and between its signs of life. */
const expiry = 10_000;
export const ownerBeat = 2000;

/** The ownership of a queue. */
export interface Ownership {
  /**
   * A sign of life.
   * @throws SeawallError `config` if another process owns the queue by now
   */
  renew(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes a queue for this process. An owner that was killed is waited for until it counts as gone.
 * @throws SeawallError `config` if another process owns the queue and lives
 */
export async function own(
  redis: Redis,
  keys: QueueKeys,
  setup: string,
  { shown, tell }: { readonly shown: string; tell(sentence: string): void },
): Promise<Ownership> {
  const token = randomUUID();
  const mine = () => {
    const owner: Owner = { host: hostname(), pid: process.pid, token, setup, beat: Date.now() };
    return JSON.stringify(owner);
  };
  const current = async () => {
    const text = await redis.get(keys.owner);
    return text === null ? undefined : readOwner(text);
  };
  const first = await current();
  while (!(await redis.set(keys.owner, mine(), "PX", expiry, "NX"))) {
    const owner = await current();
    if (owner && first && owner.beat !== first.beat) throw inUse(shown, owner, setup);
    if (owner === first) tell(`${shown}: the process that used this queue may be gone; waiting to be sure`);
    await sleep(500);
  }
  return {
    async renew() {
      const owner = await current();
      if (owner && owner.token !== token) throw inUse(shown, owner, setup);
      await redis.set(keys.owner, mine(), "PX", expiry);
    },
    async release() {
      if ((await current())?.token === token) await redis.del(keys.owner);
    },
  };
}

function inUse(shown: string, { host, pid, setup }: Owner, wanted: string): SeawallError {
  const what = setup === wanted ? "the same run" : "another run";
  return new SeawallError(
    "config",
    `${shown}: process ${pid} on ${host} hands out ${what} in this queue; wait until it ends, or name another queue`,
  );
}
