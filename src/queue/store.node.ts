/** What a queue keeps beside its jobs: the setup, and bytes by their SHA-256. */
import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";
import { canonicalJson, plainJson, SeawallError, sha256 } from "../base/index.js";
import { keptSeconds, type QueueKeys } from "./keys.js";
import { type QueueContent, readSetup, type StoredSetup } from "./messages.js";

/** The same with the SHA-256 of each part in its place, and an identity that follows from both. */
export interface Digested extends StoredSetup {
  /** Bytes by their SHA-256. */
  readonly bytes: ReadonlyMap<string, Uint8Array>;
}

/** The scope of setups; that of requests is the setup's identity. */
export const setupScope = "setup";

/** @param scope distinguishes equal contents of different purposes */
export function digested(scope: string, { head, parts }: QueueContent): Digested {
  const entries = Object.entries(parts).map(([name, bytes]) => [name, digestOf(bytes), bytes] as const);
  const named = Object.fromEntries(entries.map(([name, digest]) => [name, digest]));
  // As it will be read: without entries that are undefined.
  const stored = { head: z.json().parse(plainJson(head)), parts: named };
  return {
    id: idOf(scope, stored),
    ...stored,
    bytes: new Map(entries.map(([, digest, bytes]) => [digest, bytes])),
  };
}

function idOf(scope: string, { head, parts }: Omit<StoredSetup, "id">): string {
  return sha256(canonicalJson([scope, head, parts]));
}

export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The same bytes as the client of the server takes them. */
export function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

export async function storePart(
  redis: Redis,
  keys: QueueKeys,
  digest: string,
  bytes: Uint8Array,
): Promise<void> {
  await redis.set(keys.part(digest), bufferOf(bytes), "EX", keptSeconds);
}

/** The server does not have a part that it should have. */
export class LostPart extends Error {
  override readonly name = "LostPart";
}

/**
 * The parts of a content.
 * @throws LostPart; SeawallError `data` for a part that is not what its name says
 */
export async function fetchParts(
  redis: Redis,
  keys: QueueKeys,
  parts: StoredSetup["parts"],
): Promise<Record<string, Uint8Array>> {
  const fetched = Object.entries(parts).map(async ([name, digest]) => {
    const bytes = await redis.getBuffer(keys.part(digest));
    if (bytes === null) throw new LostPart(`the server has lost the ${name} of a request`);
    const found = digestOf(bytes);
    if (found !== digest) {
      throw new SeawallError(
        "data",
        `the ${name} in the queue has SHA-256 ${found} instead of ${digest}; who else writes to this queue?`,
      );
    }
    return [name, bytes] as const;
  });
  return Object.fromEntries(await Promise.all(fetched));
}

/** Stores a setup with its parts, if it is not there. */
export async function storeSetup(
  redis: Redis,
  keys: QueueKeys,
  { id, head, parts, bytes }: Digested,
): Promise<void> {
  const stored = await fetchSetup(redis, keys);
  for (const [digest, part] of bytes) {
    const isThere = await redis.expire(keys.part(digest), keptSeconds);
    if (!isThere) await storePart(redis, keys, digest, part);
  }
  if (stored?.id === id) await redis.expire(keys.setup, keptSeconds);
  else await redis.set(keys.setup, JSON.stringify({ id, head, parts }), "EX", keptSeconds);
}

/**
 * The setup that the queue holds at present; undefined where it holds none.
 * @throws SeawallError `journal` or `data` for one that was changed
 */
export async function fetchSetup(redis: Redis, keys: QueueKeys): Promise<StoredSetup | undefined> {
  const text = await redis.get(keys.setup);
  if (text === null) return undefined;
  const setup = readSetup(text);
  if (setup.id === idOf(setupScope, setup)) return setup;
  throw new SeawallError(
    "data",
    "the setup in the queue does not have the hash that it names; who else writes to this queue?",
  );
}

/** Removes all that the queue holds, but for its owner and what workers say of themselves. */
export async function purge(redis: Redis, { prefix, owner, workers, worker }: QueueKeys): Promise<void> {
  let cursor = "0";
  do {
    const [next, found] = await redis.scan(cursor, "MATCH", `${prefix}:*`, "COUNT", 1000);
    const unwanted = found.filter((key) => key !== owner && key !== workers && !key.startsWith(worker("")));
    if (unwanted.length > 0) await redis.unlink(...unwanted);
    cursor = next;
  } while (cursor !== "0");
}
