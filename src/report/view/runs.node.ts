/** Finding run folders, and reading their state. A run is read again when its files change. */
import { lstatSync, readdirSync, realpathSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { messageOf, SeawallError, shortHash } from "../../base/index.js";
import { isBeingWritten } from "../../base/index.node.js";
import { missingOf, resultDifferences } from "../../journal/index.js";
import {
  hasResult,
  type RunWorkers,
  readResult,
  readRun,
  readRunWorkers,
  runFiles,
} from "../../journal/index.node.js";
import { overviewOf, type RunOverview } from "./overview.js";

/** A folder that holds a run. */
export interface RunFolder {
  /** Identifies the run in URLs. A hash of its path. */
  readonly id: string;
  readonly dir: string;
  /** The path relative to the folder given by the user. */
  readonly name: string;
}

/** The state of a run folder. If it is `damaged`, `problem` says why. */
export interface RunState extends RunFolder {
  readonly status: "complete" | "running" | "stopped" | "damaged";
  readonly overview: RunOverview | undefined;
  readonly problem: string | undefined;
  /** Who works for a running one with a queue. */
  readonly workers?: RunWorkers | undefined;
}

/** Limits for a search in a home folder given by mistake; larger than any collection of runs. */
const deepest = 5;
const mostFolders = 20_000;

/**
 * The runs in these folders and below them, sorted by name. Links are not followed.
 * @throws SeawallError `usage` for a path that is not a folder
 */
export function findRuns(folders: readonly string[]): RunFolder[] {
  const found = new Map<string, RunFolder>();
  let budget = mostFolders;
  const visit = (root: string, dir: string, depth: number) => {
    if (budget-- <= 0) return;
    if (isFile(join(dir, runFiles.run))) {
      const id = shortHash(dir);
      found.set(id, { id, dir, name: relative(root, dir) || basename(dir) });
    } else if (depth < deepest) {
      for (const name of foldersIn(dir)) visit(root, join(dir, name), depth + 1);
    }
  };
  for (const folder of folders) {
    const root = realFolder(folder);
    visit(root, root, 0);
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}

function realFolder(folder: string): string {
  try {
    const real = realpathSync(folder);
    if (lstatSync(real).isDirectory()) return real;
  } catch (error) {
    throw new SeawallError(
      "usage",
      `${folder}: cannot be read (${messageOf(error)}); give folders that contain runs`,
    );
  }
  throw new SeawallError("usage", `${folder}: not a folder; give folders that contain runs`);
}

function foldersIn(dir: string): string[] {
  try {
    const entries = readdirSync(dir, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !/^\.|^node_modules$/.test(entry.name))
      .map(({ name }) => name);
  } catch {
    return []; // no permission to read it
  }
}

/** Whether a path is a regular file, not a link or a pipe. */
export function isFile(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** States of runs, cached until their files change. */
export class RunStates {
  readonly #known = new Map<string, { readonly stamp: string; readonly state: RunState }>();

  of(folder: RunFolder): RunState {
    const stamp = stampOf(folder.dir);
    const known = this.#known.get(folder.id);
    const state = known?.stamp === stamp ? known.state : readState(folder);
    this.#known.set(folder.id, { stamp, state });
    // Changes more often than the figures, and is quickly read.
    return state.status === "running" ? { ...state, workers: workersOf(folder) } : state;
  }
}

/** A text that changes if a file of the run changes, or if a process starts or stops writing. */
function stampOf(dir: string): string {
  const files = Object.values(runFiles).map((name) => {
    const stat = lstatSync(join(dir, name), { throwIfNoEntry: false });
    return stat ? `${stat.size} ${stat.mtimeMs}` : "none";
  });
  return [...files, isBeingWritten(dir)].join();
}

/** Nothing for a damaged file: it is written anew every few seconds. */
function workersOf({ dir }: RunFolder): RunWorkers | undefined {
  try {
    return readRunWorkers(dir);
  } catch {
    return undefined;
  }
}

function readState(folder: RunFolder): RunState {
  try {
    const overview = readOverview(folder.dir);
    const status = overview.complete ? "complete" : isBeingWritten(folder.dir) ? "running" : "stopped";
    return { ...folder, status, overview, problem: undefined };
  } catch (error) {
    if (!(error instanceof SeawallError)) throw error;
    const problem = error.message.replaceAll(`${folder.dir}${sep}`, "");
    return { ...folder, status: "damaged", overview: undefined, problem };
  }
}

/** @throws SeawallError if the folder is damaged or its result differs from its journal, naming file and line */
function readOverview(dir: string): RunOverview {
  for (const name of Object.values(runFiles)) refuseLink(join(dir, name));
  const run = readRun(dir);
  const complete = missingOf(run.description, run.records).records === 0;
  if (!complete || !hasResult(dir)) return overviewOf(run);
  const result = readResult(dir);
  const [first] = resultDifferences(result, run.description, run.records);
  if (first)
    throw new SeawallError("journal", `${join(dir, runFiles.result)}: differs from the journal: ${first}`);
  return overviewOf(run, result);
}

function refuseLink(file: string): void {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat && !stat.isFile())
    throw new SeawallError("journal", `${file}: a link or not a regular file, so it is not read`);
}
