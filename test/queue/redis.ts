/** A Redis server that ends with the test file. */
import { afterAll } from "vitest";
import { type RedisServer, startServer } from "./server.mjs";

export { freePort, missingRedis } from "./server.mjs";

/** Every change is on its disk before it is answered. */
export async function startRedis(...flags: readonly string[]): Promise<RedisServer> {
  const server = await startServer("--appendfsync", "always", ...flags);
  afterAll(() => server.end());
  return server;
}
