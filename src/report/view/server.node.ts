/** A server for this machine alone that shows runs: their list, live figures, reports. Nothing else leaves the disk. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { messageOf, SeawallError, sha256 } from "../../base/index.js";
import { runFiles } from "../../journal/index.node.js";
import { htmlReport } from "../html/index.node.js";
import { escapeText } from "../markup.js";
import { readReportedRun } from "../stored.node.js";
import { script, style } from "./assets.js";
import { listPage, runPage } from "./pages.js";
import { findRuns, isFile, type RunFolder, RunStates } from "./runs.node.js";

/** The report that `seawall report` writes into a run folder. */
const reportFile = "report.html";

export interface ViewServer {
  /** With a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

const loopback = "127.0.0.1";

/**
 * Starts the viewer for the runs in these folders and below them.
 * @param port 0 for any free one
 * @throws SeawallError `usage` for a folder that is none, or a port that cannot be had
 */
export async function serveRuns(folders: readonly string[], port: number): Promise<ViewServer> {
  findRuns(folders); // names a wrong folder now, not with the first request
  const viewer = new Viewer(folders);
  const server = createServer((request, response) => viewer.answer(request, response));
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
      reject(new SeawallError("usage", `--port ${port}: cannot be had (${messageOf(error)}); give another`));
    };
    server.once("error", fail);
    try {
      server.listen(port, loopback, resolve);
    } catch (error) {
      fail(error); // no port has such a number
    }
  });
}

/** What is answered. */
interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly policy: string;
}

/** Our own pages load style and script from here and talk to no one else. */
const ownPolicy =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** A report is one file. Whoever wrote it, its script sees neither other pages nor the network. */
const reportPolicy =
  "sandbox allow-scripts allow-popups allow-downloads; default-src 'none'; style-src 'unsafe-inline'; " +
  "script-src 'unsafe-inline'; img-src data: blob:; font-src data:; frame-ancestors 'none'";

const types = { html: "text/html", css: "text/css", js: "text/javascript", plain: "text/plain" } as const;

class Viewer {
  readonly #folders: readonly string[];
  readonly #states = new RunStates();

  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    try {
      send(request, response, refusedRequest(request) ?? this.#route(request.url ?? "/"));
    } catch (error) {
      send(request, response, problem(500, messageOf(error)));
    }
  }

  /** Addresses are compared, never decoded: they name runs by id and files by a closed list, and become no path. */
  #route(url: string): Answer {
    const path = url.split("?")[0]!;
    if (path === "/view.css") return text("css", style);
    if (path === "/view.js") return text("js", script);
    const runs = findRuns(this.#folders);
    if (path === "/") return text("html", listPage(runs.map((run) => this.#states.of(run))));
    const [, id, place] = /^\/runs\/([0-9a-f]{16})\/(now|report|files\/[a-z.]+)?$/.exec(path) ?? [];
    const run = runs.find((entry) => entry.id === id);
    if (!run) return problem(404, "There is no such page, or the run has gone.");
    if (place?.startsWith("files/")) return fileOf(run, place.slice(6));
    return place === "report" ? reportOf(run) : this.#page(run, place === "now");
  }

  #page(run: RunFolder, now: boolean): Answer {
    const state = this.#states.of(run);
    const reported = state.status === "complete" && isFile(join(run.dir, reportFile));
    return reported && !now ? reportOf(run) : text("html", runPage(state));
  }
}

/** The report in the run's folder, or one made of its records. */
function reportOf({ dir }: RunFolder): Answer {
  const file = join(dir, reportFile);
  const content = isFile(file) ? readFileSync(file) : htmlReport(readReportedRun(dir));
  return { ...text("html", content), policy: reportPolicy };
}

/** A file of the run as plain text. */
function fileOf({ dir }: RunFolder, name: string): Answer {
  const known = Object.values(runFiles).find((file) => file === name);
  if (known === undefined || !isFile(join(dir, known))) return problem(404, "The run has no such file.");
  return text("plain", readFileSync(join(dir, known)));
}

/** Pages elsewhere may point a browser here under a name of theirs: only our own names are answered. */
function refusedRequest({ headers, method, socket }: IncomingMessage): Answer | undefined {
  const names = [loopback, "localhost"].map((name) => `${name}:${socket.localPort}`);
  if (!names.includes(headers.host ?? "")) return problem(403, `Open ${names[0]} instead.`);
  if (method !== "GET" && method !== "HEAD") return problem(405, "Only reading is possible.");
  return undefined;
}

function text(type: keyof typeof types, body: string | Uint8Array): Answer {
  return { status: 200, type: types[type], body, policy: ownPolicy };
}

function problem(status: number, message: string): Answer {
  const body = `<!doctype html><meta charset="utf-8"><title>Seawall</title><p>${escapeText(message)}</p>`;
  return { ...text("html", body), status };
}

function send({ method, headers }: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const tag = `"${sha256(answer.body).slice(0, 32)}"`;
  const unchanged = answer.status === 200 && headers["if-none-match"] === tag;
  response.writeHead(unchanged ? 304 : answer.status, {
    "Content-Type": `${answer.type}; charset=utf-8`,
    "Content-Security-Policy": answer.policy,
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
    ETag: tag,
  });
  response.end(unchanged || method === "HEAD" ? undefined : answer.body);
}
