/** A Redis server for tests: on a free port of this machine, with a folder of its own. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll } from "vitest";

/** Why tests with a server are skipped; undefined where there is one. */
export const missingRedis = spawnSync("redis-server", ["--version"]).error
  ? "redis-server is not installed"
  : undefined;

export interface TestRedis {
  readonly port: number;
  readonly folder: string;
  /** `redis://127.0.0.1:PORT/NAME`. */
  url(name: string): string;
  /** Ends the server by a signal and starts it again on its data. */
  restart(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a server that writes every change to its disk; it ends with the test file. */
export async function startRedis(...flags: readonly string[]): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), "seawall-redis-"));
  const port = await freePort();
  let server = await start(port, folder, flags);
  afterAll(async () => {
    await end(server, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    ...{ port, folder },
    url: (name) => `redis://127.0.0.1:${port}/${name}`,
    async restart(signal = "SIGTERM") {
      await end(server, signal);
      server = await start(port, folder, flags);
    },
  };
}

async function start(port: number, folder: string, flags: readonly string[]): Promise<ChildProcess> {
  const own = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder];
  const persistence = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
  const server = spawn("redis-server", [...own, ...persistence, ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  server.stdout!.on("data", (chunk) => {
    said += chunk;
  });
  while (!said.includes("Ready to accept connections")) {
    if (server.exitCode !== null) throw new Error(`redis-server ended:\n${said}`);
    await sleep(20);
  }
  return server;
}

function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (server.exitCode !== null || server.signalCode !== null) return resolve();
    server.once("exit", () => resolve());
    server.kill(signal);
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
