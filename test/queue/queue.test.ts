/** Both sides of a queue with a real server; what is asked for is a number, and the answer its square. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { SeawallError } from "../../src/base/index.js";
import { parseQueueAddress, type QueueContent } from "../../src/queue/index.js";
import { openQueue, type QueueClient, serveQueue } from "../../src/queue/index.node.js";
import { missingRedis, startRedis } from "./redis.js";

const setup: QueueContent = { head: { purpose: "squares" }, parts: { table: Uint8Array.of(1, 2, 3) } };
const heard: string[] = [];
const tell = (sentence: string) => heard.push(sentence);

/** Asks for the square of a number. */
async function square(client: QueueClient, x: number, kind = "square"): Promise<number> {
  const reply = await client.request({ kind, label: `${x}²`, head: { x }, parts: { x: Uint8Array.of(x) } });
  return Buffer.from(reply).readUInt32LE();
}

describe.skipIf(missingRedis)("a queue", { timeout: 60_000 }, async () => {
  if (missingRedis) return;
  const redis = await startRedis();
  const address = (name: string) => parseQueueAddress(redis.url(name));

  /** A worker in this process. @returns the numbers that it was asked for, and how to stop it */
  function worker(name: string, answer: (x: number) => unknown = () => {}, parallel = 1) {
    const asked: number[] = [];
    const stop = new AbortController();
    const served = serveQueue(address(name), {
      ...{ patience: 3, signal: stop.signal, tell },
      async prepare(given) {
        expect(given).toEqual({ head: setup.head, parts: { table: Buffer.from([1, 2, 3]) } });
        return {
          parallel,
          async answer({ head, parts }) {
            const { x } = head as { x: number };
            expect(parts.x).toEqual(Buffer.from([x]));
            asked.push(x);
            await answer(x);
            return Uint8Array.from(Buffer.from(Uint32Array.of(x * x).buffer));
          },
          async dispose() {},
        };
      },
    });
    served.catch(() => {});
    const end = () => {
      stop.abort();
      return served;
    };
    onTestFinished(async () => void (await end().catch(() => {})));
    return { asked, served, end };
  }

  it("answers every request once, on all workers, and leaves nothing on the server", async () => {
    const client = await openQueue(address("squares"), setup, { tell });
    const workers = [worker("squares", () => sleep(20)), worker("squares", () => sleep(20))];
    while (client.wanted < 4) await client.changed;
    const numbers = Array.from({ length: 60 }, (_, i) => i);
    expect(await Promise.all(numbers.map((x) => square(client, x)))).toEqual(numbers.map((x) => x * x));
    expect(workers.flatMap(({ asked }) => asked).sort((a, b) => a - b)).toEqual(numbers);
    for (const { asked } of workers) expect(asked.length).toBeGreaterThan(10);
    await client.close(true);
    expect(await Promise.all(workers.map(({ end }) => end()))).toEqual(
      workers.map(({ asked }) => asked.length),
    );
    const { Redis } = await import("ioredis");
    const reader = new Redis(redis.port);
    expect(await reader.keys("*")).toEqual([]);
    reader.disconnect();
  });

  it("gives the request of a worker that is stopped to another one at once", async () => {
    const client = await openQueue(address("stopped"), setup, { tell });
    onTestFinished(() => client.close(true));
    const stuck = worker("stopped", () => new Promise(() => {}));
    const answer = square(client, 7);
    while (stuck.asked.length === 0) await sleep(20);
    const started = Date.now();
    expect(await stuck.end()).toBe(0);
    expect(Date.now() - started).toBeLessThan(3000);
    worker("stopped");
    expect(await answer).toBe(49);
  });

  it("tries a failing request again, and tells of one that fails always", async () => {
    const client = await openQueue(address("failing"), setup, { tell });
    onTestFinished(() => client.close(true));
    let tries = 0;
    const { asked } = worker("failing", (x) => {
      if (x === 1 && ++tries < 3) throw new Error("no memory");
      if (x === 2) throw new Error("never");
      if (x === 3) throw new SeawallError("data", "no such image");
    });
    expect(await square(client, 1)).toBe(1);
    await expect(square(client, 2)).rejects.toThrow(/^2² \(.+, process \d+\): never$/);
    expect(asked.filter((x) => x === 2)).toHaveLength(3);
    await expect(square(client, 3)).rejects.toThrow(SeawallError);
    expect(asked.filter((x) => x === 3)).toHaveLength(1);
    expect(await square(client, 4)).toBe(16);
  });

  it("collects what was answered for a process that was killed since", async () => {
    const first = await openQueue(address("killed"), setup, { tell });
    const { asked } = worker("killed", () => sleep(200));
    square(first, 5).catch(() => {});
    while (asked.length === 0) await sleep(20);
    first.stop(new Error("killed"));
    await first.close(false);
    await sleep(500);
    const second = await openQueue(address("killed"), setup, { tell });
    onTestFinished(() => second.close(true));
    expect(await square(second, 5)).toBe(25);
    expect(asked).toEqual([5]);
  });

  it("refuses a queue that another process hands out", async () => {
    const first = await openQueue(address("owned"), setup, { tell });
    onTestFinished(() => first.close(true));
    await expect(openQueue(address("owned"), { head: 1, parts: {} }, { tell })).rejects.toThrow(
      /process \d+ on .+ hands out another run in this queue/,
    );
    await expect(openQueue(address("owned"), setup, { tell })).rejects.toThrow(/hands out the same run/);
  });

  it("removes the rest of another run", async () => {
    const first = await openQueue(address("rest"), { head: "other", parts: {} }, { tell });
    first.request({ kind: "a", label: "a", head: 1, parts: {} }).catch(() => {});
    await sleep(200);
    await first.close(false);
    const second = await openQueue(address("rest"), setup, { tell });
    onTestFinished(() => second.close(true));
    expect(heard.at(-1)).toMatch(/held the rest of another run, which is removed/);
    worker("rest");
    expect(await square(second, 3)).toBe(9);
  });

  it("warns of a server that may drop what it holds", async () => {
    const { Redis } = await import("ioredis");
    const admin = new Redis(redis.port);
    await admin.config("SET", "maxmemory", "1gb", "maxmemory-policy", "allkeys-lru");
    const client = await openQueue(address("evicting"), setup, { tell });
    onTestFinished(() => client.close(true));
    expect(heard.at(-1)).toMatch(
      /^WARNING: the server's maxmemory-policy is allkeys-lru, so it may drop work/,
    );
    await admin.config("SET", "maxmemory", "0", "maxmemory-policy", "noeviction");
    admin.disconnect();
  });

  it("refuses what is not as it was sent", async () => {
    const { Redis } = await import("ioredis");
    const admin = new Redis(redis.port);
    onTestFinished(() => admin.disconnect());
    const client = await openQueue(address("forged"), setup, { tell });
    onTestFinished(() => client.close(true));
    const [part] = await admin.keys("seawall:forged:part:*");
    await admin.set(part!, "other");
    await expect(worker("forged").served).rejects.toThrow(
      /the table in the queue has SHA-256 [0-9a-f]{64} instead of/,
    );
    const stored = JSON.parse((await admin.get("seawall:forged:setup"))!);
    await admin.set("seawall:forged:setup", JSON.stringify({ ...stored, head: { purpose: "evil" } }));
    await expect(worker("forged").served).rejects.toThrow(/does not have the hash that it names/);
    await admin.set("seawall:forged:setup", "[]");
    await expect(worker("forged").served).rejects.toThrow(/^the setup in the queue: /);
  });

  it("sends again what the server has lost", async () => {
    const { Redis } = await import("ioredis");
    const admin = new Redis(redis.port);
    onTestFinished(() => admin.disconnect());
    const client = await openQueue(address("lossy"), setup, { tell });
    onTestFinished(() => client.close(true));
    const kept = await admin.keys("seawall:lossy:part:*");
    const answer = square(client, 6);
    const lost = async () => (await admin.keys("seawall:lossy:part:*")).filter((key) => !kept.includes(key));
    while ((await admin.keys("seawall:lossy:jobs-*:job-*")).length === 0) await sleep(20);
    await admin.del(...(await lost()));
    worker("lossy");
    expect(await answer).toBe(36);
    expect(heard).toContain("the server has lost the x of a request; it is sent again");
  });

  it("goes on when the server is killed and restarted", async () => {
    const client = await openQueue(address("restart"), setup, { tell });
    onTestFinished(() => client.close(true));
    worker("restart", () => sleep(100));
    const answers = Promise.all(Array.from({ length: 30 }, (_, x) => square(client, x)));
    await sleep(700);
    await redis.restart("SIGKILL");
    expect(await answers).toEqual(Array.from({ length: 30 }, (_, x) => x * x));
  });
});
