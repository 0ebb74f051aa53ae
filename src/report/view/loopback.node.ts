/** A server that this machine alone reaches, for `seawall view` and `seawall page`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf, SeawallError, sha256 } from "../../base/index.js";
import { escapeText } from "../markup.js";

export interface LocalServer {
  /** The address of the first page, with a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** A response before it is sent. */
export interface Answer {
  readonly status: number;
  /** The media type; of a text, with its character set. */
  readonly type: string;
  readonly body: string | Uint8Array;
  /** The content security policy. */
  readonly policy: string;
  /** Names the content, for browsers that ask whether it has changed; default: a hash of it. */
  readonly tag?: string;
  /** Whether the page is isolated from other origins, as threads that share memory need it. */
  readonly isolated?: boolean;
}

const loopback = "127.0.0.1";

/**
 * Starts a server that answers GET and HEAD.
 * @param port 0 for any free port
 * @param route answers a path, which begins with a slash
 * @throws SeawallError `usage` for a port that cannot be used
 */
export async function serveLocally(port: number, route: (path: string) => Answer): Promise<LocalServer> {
  const server = createServer((request, response) => answer(request, response, route));
  await listen(server, port);
  return {
    url: `http://${loopback}:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      reject(
        new SeawallError(
          "usage",
          `--port ${port}: cannot be used (${messageOf(error)}); choose another port`,
        ),
      );
    };
    server.once("error", fail);
    try {
      server.listen(port, loopback, resolve);
    } catch (error) {
      fail(error); // not a valid port number
    }
  });
}

function answer(request: IncomingMessage, response: ServerResponse, route: (path: string) => Answer): void {
  try {
    const path = (request.url ?? "/").split("?")[0]!;
    send(request, response, refusedRequest(request) ?? route(path));
  } catch (error) {
    send(request, response, problem(500, messageOf(error)));
  }
}

/**
 * The response to a request that is not served. The Host header must be a name of this machine, because a web page can
 * make its own name point here (DNS rebinding).
 */
function refusedRequest({ headers, method, socket }: IncomingMessage): Answer | undefined {
  const names = [loopback, "localhost"].map((name) => `${name}:${socket.localPort}`);
  if (!names.includes(headers.host ?? "")) return problem(403, `This server only answers at ${names[0]}.`);
  if (method !== "GET" && method !== "HEAD") return problem(405, "Only GET and HEAD are allowed.");
  return undefined;
}

/** For pages that load nothing. */
const nothingPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A page that says what is wrong. */
export function problem(status: number, message: string): Answer {
  const body = `<!doctype html><meta charset="utf-8"><title>Seawall</title><p>${escapeText(message)}</p>`;
  return { status, type: "text/html; charset=utf-8", body, policy: nothingPolicy };
}

function send({ method, headers }: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const tag = `"${answer.tag ?? sha256(answer.body).slice(0, 32)}"`;
  const unchanged = answer.status === 200 && headers["if-none-match"] === tag;
  response.writeHead(unchanged ? 304 : answer.status, {
    "Content-Type": answer.type,
    "Content-Security-Policy": answer.policy,
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
    ETag: tag,
    ...(answer.isolated && {
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    }),
  });
  response.end(unchanged || method === "HEAD" ? undefined : answer.body);
}
