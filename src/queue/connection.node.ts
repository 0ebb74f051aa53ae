/** Connections to a Redis or Valkey server, with what is checked of it first. */
import { Redis } from "ioredis";
import { messageOf, SeawallError } from "../base/index.js";
import type { QueueAddress } from "./address.js";
import { passwordVariable } from "./address.js";

/** BullMQ's scripts, and commands such as GETDEL, need this version; Valkey begins above it. */
const leastVersion = [6, 2] as const;

/** Milliseconds for the first answer of a server. */
const patience = 10_000;

/**
 * Connects to a server. A connection that is lost later is made again, and commands wait for it.
 * @param tell is told when the connection is lost and when it is there again, and of settings that lose work
 * @throws SeawallError `config` if there is no server, it refuses the password, or it is too old
 */
export async function connect(address: QueueAddress, tell: (sentence: string) => void): Promise<Redis> {
  const { host, port, tls, db, user, password, shown } = address;
  let isOpen = false;
  let problem: Error | undefined;
  const redis = new Redis({
    ...{ host, port, db, lazyConnect: true, connectionName: "seawall", connectTimeout: patience },
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
    maxRetriesPerRequest: null,
    retryStrategy: (times) => (isOpen ? Math.min(100 * 2 ** times, 2000) : null),
  });
  redis.on("error", (error: Error) => {
    problem = error;
  });
  try {
    await redis.connect();
    await checkServer(redis, tell);
    // Such as that of a database which the server does not have.
    if (problem) throw problem;
  } catch (error) {
    redis.disconnect();
    if (error instanceof SeawallError) throw new SeawallError("config", `${shown}: ${error.message}`);
    throw new SeawallError("config", `${shown}: ${explained(problem ?? error, address)}`, { cause: error });
  }
  isOpen = true;
  redis.on("close", () => tell(`${shown}: the connection is lost; trying to connect again`));
  redis.on("ready", () => tell(`${shown}: connected again`));
  return redis;
}

/** Closes a connection without a word. */
export function disconnect(redis: Redis): void {
  redis.removeAllListeners("close");
  redis.disconnect();
}

async function checkServer(redis: Redis, tell: (sentence: string) => void): Promise<void> {
  const facts = new Map(
    (await redis.info())
      .split("\r\n")
      .map((line) => line.split(":", 2))
      .map(([key, value]) => [key!, value ?? ""]),
  );
  const version = facts.get("redis_version") ?? "";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor, leastMinor] = leastVersion;
  if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
    throw new SeawallError(
      "config",
      `the server is Redis ${version}; Redis ${leastVersion.join(".")} or later, or Valkey, is needed`,
    );
  }
  const policy = facts.get("maxmemory_policy") ?? "noeviction";
  if (policy !== "noeviction" && facts.get("maxmemory") !== "0") {
    tell(
      `WARNING: the server's maxmemory-policy is ${policy}, so it may drop work when its memory is full; set it to noeviction`,
    );
  }
}

/** What a failed connection means, and what to do. */
function explained(error: unknown, { host, port, tls }: QueueAddress): string {
  const message = messageOf(error);
  if (/WRONGPASS|invalid (username-)?password|NOAUTH|Authentication required/i.test(message)) {
    return `the server refuses user or password; give the password in the variable ${passwordVariable}, and a user in the address: redis://USER@HOST/NAME`;
  }
  const scheme = tls ? "if it speaks plain Redis, write redis://" : "if it expects TLS, write rediss://";
  if (/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|timed out/i.test(message))
    return `no server answers at ${host}, port ${port} (${message}); start one, or correct the address; ${scheme}`;
  if (/certificate|self.signed|altname|CERT/i.test(message)) {
    return `the server's certificate is not trusted (${message}); name the file of its authority in the variable NODE_EXTRA_CA_CERTS`;
  }
  if (/DB index/.test(message)) return `the server has no such database (${message}); correct ?db=N`;
  if (/NOPERM/.test(message)) return `the server's user lacks a permission (${message})`;
  return `the server does not answer as Redis does (${message}); ${scheme}`;
}
