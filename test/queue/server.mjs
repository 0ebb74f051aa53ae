/** A Redis server of one's own: on a free port of this machine, with a folder for its data. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Why there can be no server; undefined where there can. */
export const missingRedis = spawnSync("redis-server", ["--version"]).error
  ? "redis-server is not installed"
  : undefined;

/** Starts a server that writes its changes to its disk. */
export async function startServer(...flags) {
  const folder = mkdtempSync(join(tmpdir(), "seawall-redis-"));
  const port = await freePort();
  const own = ["--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes", "--save", ""];
  const start = () => startOn([...own, ...(flags.includes("--port") ? [] : ["--port", port]), ...flags]);
  let server = await start();
  return {
    ...{ port, folder },
    url: (name) => `redis://127.0.0.1:${port}/${name}`,
    /** Ends the server by a signal and starts it again on its data. */
    async restart(signal = "SIGTERM") {
      await end(server, signal);
      server = await start();
    },
    /** Ends the server for good and removes its data. */
    async end() {
      await end(server, "SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startOn(flags) {
  const server = spawn("redis-server", flags.map(String), { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  server.stdout.on("data", (chunk) => {
    said += chunk;
  });
  while (!said.includes("Ready to accept connections")) {
    if (server.exitCode !== null) throw new Error(`redis-server ended:\n${said}`);
    await sleep(20);
  }
  return server;
}

function end(server, signal) {
  return new Promise((resolve) => {
    if (server.exitCode !== null || server.signalCode !== null) return resolve();
    server.once("exit", resolve);
    server.kill(signal);
  });
}

/** A port that nobody uses. */
export function freePort() {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
