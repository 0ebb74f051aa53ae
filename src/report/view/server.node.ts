/** The server of `seawall view`. Only this machine reaches it, and it serves nothing but runs: list, figures, reports. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFile } from "../../base/index.node.js";
import { runFiles } from "../../journal/index.js";
import { trainingRecords } from "../../journal/index.node.js";
import { htmlReport } from "../html/index.node.js";
import { readReportedRun } from "../stored.node.js";
import { script, style } from "./assets.js";
import { findRuns, isFile, type RunFolder } from "./folders.node.js";
import { type Answer, type LocalServer, problem, serveLocally } from "./loopback.node.js";
import { listPage, runPage, type ShownState, trainingPage } from "./pages.js";
import { RunStates } from "./runs.node.js";
import { examplesIn, TrainingStates } from "./trainings.node.js";

/** The report that `seawall report` writes into a run folder. */
const reportFile = "report.html";

/**
 * Starts the viewer for the runs in these folders and below them.
 * @param port 0 for any free port
 * @throws SeawallError `usage` for a path that is not a folder, or a port that cannot be used
 */
export async function serveRuns(folders: readonly string[], port: number): Promise<LocalServer> {
  findRuns(folders); // reports a wrong folder now, not at the first request
  const viewer = new Viewer(folders);
  return serveLocally(port, (path) => viewer.route(path));
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
  /** Drawing curves takes a while; a state is of one run or training at one time. */
  readonly #pages = new WeakMap<ShownState, string>();

  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /** URLs are matched against known run ids and a fixed list of files. They are never turned into file-system paths. */
  route(path: string): Answer {
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
    const reported =
      state.kind === "evaluation" && state.status === "complete" && isFile(join(run.dir, reportFile));
    return reported && !now ? reportOf(run) : text("html", this.#drawn(state));
  }

  #drawn(state: ShownState): string {
    const drawn = this.#pages.get(state) ?? draw(state);
    this.#pages.set(state, drawn);
    return drawn;
  }
}

function draw(state: ShownState): string {
  return state.kind === "training" ? trainingPage(state, examplesIn(state.dir)) : runPage(state);
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

function text(type: keyof typeof types, body: string | Uint8Array): Answer {
  return { status: 200, type: `${types[type]}; charset=utf-8`, body, policy: ownPolicy };
}
