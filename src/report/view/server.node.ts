/** The server of `seawall view`. Only this machine reaches it, and it serves nothing but runs: list, figures, reports. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { messageOf, SeawallError, sha256 } from "../../base/index.js";
import { packageFile } from "../../base/index.node.js";
import { runFiles, trainingRecords } from "../../journal/index.node.js";
import { htmlReport } from "../html/index.node.js";
import { escapeText } from "../markup.js";
import { readReportedRun } from "../stored.node.js";
import { script, style } from "./assets.js";
import { findRuns, isFile, type RunFolder } from "./folders.node.js";
import { listPage, runPage, type ShownState, trainingPage } from "./pages.js";
import { RunStates } from "./runs.node.js";
import { examplesIn, TrainingStates, type WatchedTraining } from "./trainings.node.js";

/** The report that `seawall report` writes into a run folder. */
const reportFile = "report.html";

export interface ViewServer {
  /** The address of the list of runs, with a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

const loopback = "127.0.0.1";

/**
 * Starts the viewer for the runs in these folders and below them.
 * @param port 0 for any free port
 * @throws SeawallError `usage` for a path that is not a folder, or a port that cannot be used
 */
export async function serveRuns(folders: readonly string[], port: number): Promise<ViewServer> {
  findRuns(folders); // reports a wrong folder now, not at the first request
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

/** A response before it is sent. */
interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly policy: string;
}

/** For the viewer's pages: they load style and script from this server, and connect to nothing else. */
const ownPolicy =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** For reports, which are single files from anywhere: their scripts reach neither other pages nor the network. */
const reportPolicy =
  "sandbox allow-scripts allow-popups allow-downloads; default-src 'none'; style-src 'unsafe-inline'; " +
  "script-src 'unsafe-inline'; img-src data: blob:; font-src data:; frame-ancestors 'none'";

const types = { html: "text/html", css: "text/css", js: "text/javascript", plain: "text/plain" } as const;

class Viewer {
  readonly #folders: readonly string[];
  readonly #runs = new RunStates();
  readonly #trainings = new TrainingStates();
  /** Drawing curves takes a while; a state is of one training at one time. */
  readonly #trainingPages = new WeakMap<WatchedTraining, string>();

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

  /** URLs are matched against known run ids and a fixed list of files. They are never turned into file-system paths. */
  #route(url: string): Answer {
    const path = url.split("?")[0]!;
    if (path === "/view.css")
      return text("css", readFileSync(packageFile("page/figures.css"), "utf8") + style);
    if (path === "/view.js") return text("js", script);
    const runs = findRuns(this.#folders);
    if (path === "/") return text("html", listPage(runs.map((run) => this.#stateOf(run))));
    const [, id, place] = /^\/runs\/([0-9a-f]{16})\/(now|report|files\/[a-z.]+)?$/.exec(path) ?? [];
    const run = runs.find((entry) => entry.id === id);
    if (!run) return problem(404, "This page does not exist, or its run was deleted.");
    if (place?.startsWith("files/")) return fileOf(run, place.slice(6));
    if (place === "report" && run.kind === "evaluation") return reportOf(run);
    return this.#page(run, place === "now");
  }

  #stateOf({ kind, ...folder }: RunFolder): ShownState {
    return kind === "training" ? this.#trainings.of({ kind, ...folder }) : this.#runs.of({ kind, ...folder });
  }

  #page(run: RunFolder, now: boolean): Answer {
    const state = this.#stateOf(run);
    if (state.kind === "training") return text("html", this.#trainingPage(state));
    const reported = state.status === "complete" && isFile(join(run.dir, reportFile));
    return reported && !now ? reportOf(run) : text("html", runPage(state));
  }

  #trainingPage(state: WatchedTraining): string {
    const drawn = this.#trainingPages.get(state) ?? trainingPage(state, examplesIn(state.dir));
    this.#trainingPages.set(state, drawn);
    return drawn;
  }
}

/** The report in the run's folder, or one made from its records. */
function reportOf({ dir }: RunFolder): Answer {
  const file = join(dir, reportFile);
  const content = isFile(file) ? readFileSync(file) : htmlReport(readReportedRun(dir));
  return { ...text("html", content), policy: reportPolicy };
}

/** Files that are shown as they are. */
const shownFiles: Readonly<Record<RunFolder["kind"], readonly string[]>> = {
  evaluation: Object.values(runFiles),
  training: [trainingRecords.description, trainingRecords.log],
};

/** A file of the run, as plain text. */
function fileOf({ kind, dir }: RunFolder, name: string): Answer {
  const known = shownFiles[kind].find((file) => file === name);
  if (known === undefined || !isFile(join(dir, known)))
    return problem(404, "The run does not have this file.");
  return text("plain", readFileSync(join(dir, known)));
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
