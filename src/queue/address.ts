/** Where a queue is: a Redis server and a name on it. */
import { SeawallError } from "../base/index.js";

export interface QueueAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** Number of the server's database. */
  readonly db: number;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Name of the queue on the server. */
  readonly name: string;
  /** The address without user and password, for messages and files. */
  readonly shown: string;
}

/** The environment variable with the password of the server: a command line can be seen by everybody on a machine. */
export const passwordVariable = "SEAWALL_QUEUE_PASSWORD";

const form = "redis://HOST[:PORT]/NAME, or rediss:// for TLS";
const nameForm = /^[A-Za-z0-9][\w.-]{0,99}$/;

/**
 * Reads redis://[USER[:PASSWORD]@]HOST[:PORT]/NAME[?db=N]; rediss:// is the same with TLS.
 * @param password that of the environment; one in the address wins
 * @throws SeawallError `config` for another text, without repeating it: it may hold a password
 */
export function parseQueueAddress(text: string, password?: string): QueueAddress {
  const url = urlOf(text);
  const { protocol, hostname, port, pathname, searchParams } = url;
  const name = pathname.slice(1);
  if (!nameForm.test(name)) {
    const problem = name === "" ? "the name of the queue is missing" : `"${name}" is no name of a queue`;
    throw new SeawallError(
      "config",
      `${problem}; expected ${form}, with a NAME of letters, digits, dots, hyphens and underscores`,
    );
  }
  const db = searchParams.get("db") ?? "0";
  const others = [...searchParams.keys()].filter((key) => key !== "db");
  if (others.length > 0 || !/^\d{1,5}$/.test(db))
    throw new SeawallError("config", `after the name of a queue only ?db=N may stand, with a number N`);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const tls = protocol === "rediss:";
  return {
    ...{ host, port: port === "" ? 6379 : Number(port), tls, db: Number(db), name },
    user: url.username === "" ? undefined : decodeURIComponent(url.username),
    password: url.password === "" ? password : decodeURIComponent(url.password),
    shown: withoutPassword(text),
  };
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^rediss?:$/.test(url.protocol) && url.hostname !== "") return url;
  throw new SeawallError("config", `not the address of a queue; expected ${form}`);
}

/** An address of a queue without user and password, also in a longer text; other texts as they are. */
export function withoutPassword(text: string): string {
  return text.replace(/(rediss?:\/\/)\S*@/g, "$1");
}
