/** The run folders below those that were named, and what stands in each: read again when its files change. */
import { lstatSync, readdirSync, realpathSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { messageOf, SeawallError, sha256 } from "../../base/index.js";
import { isBeingWritten } from "../../base/index.node.js";
import { resultDifferences } from "../../journal/index.js";
import { hasResult, readResult, readRun, runFiles } from "../../journal/index.node.js";
import { overviewOf, type RunOverview } from "./overview.js";

/** A folder that holds a run. */
export interface RunFolder {
  /** Names it in addresses; of its place alone. */
  readonly id: string;
  readonly dir: string;
  /** Its place below the folder that was named. */
  readonly name: string;
}

/** What a folder holds now: `damaged` says why in `problem`. */
export interface RunState extends RunFolder {
  readonly status: "complete" | "running" | "stopped" | "damaged";
  readonly overview: RunOverview | undefined;
  readonly problem: string | undefined;
}

/** Deep and wide enough for any collection of runs, small enough for a home folder named by mistake. */
const deepest = 5;
const mostFolders = 20_000;

/**
 * The runs in these folders and below them, sorted by name. Links are not followed.
 * @throws SeawallError `usage` for a folder that is none
 */
export function findRuns(folders: readonly string[]): RunFolder[] {
  const found = new Map<string, RunFolder>();
  let budget = mostFolders;
  const visit = (root: string, dir: string, depth: number) => {
    if (budget-- <= 0) return;
    if (isFile(join(dir, runFiles.run))) {
      const id = sha256(dir).slice(0, 16);
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
    throw new SeawallError("usage", `${folder}: cannot be read (${messageOf(error)}); name folders of runs`);
  }
  throw new SeawallError("usage", `${folder}: not a folder; name folders of runs`);
}

function foldersIn(dir: string): string[] {
  try {
    const entries = readdirSync(dir, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !/^\.|^node_modules$/.test(entry.name))
      .map(({ name }) => name);
  } catch {
    return []; // not ours to read
  }
}

/** A file itself: no link that leads elsewhere, no pipe that never ends. */
export function isFile(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** States of runs, kept until a file of theirs changes. */
export class RunStates {
  readonly #known = new Map<string, { readonly stamp: string; readonly state: RunState }>();

  of(folder: RunFolder): RunState {
    const stamp = stampOf(folder.dir);
    const known = this.#known.get(folder.id);
    if (known?.stamp === stamp) return known.state;
    const state = readState(folder);
    this.#known.set(folder.id, { stamp, state });
    return state;
  }
}

/** Equal while no file of the run has changed and the same process, or none, is writing. */
function stampOf(dir: string): string {
  const files = Object.values(runFiles).map((name) => {
    const stat = lstatSync(join(dir, name), { throwIfNoEntry: false });
    return stat ? `${stat.size} ${stat.mtimeMs}` : "none";
  });
  return [...files, isBeingWritten(dir)].join();
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

/** @throws SeawallError naming file, line and reason if the folder is damaged, or its result not of its journal */
function readOverview(dir: string): RunOverview {
  for (const name of Object.values(runFiles)) refuseLink(join(dir, name));
  const run = readRun(dir);
  const overview = overviewOf(run);
  if (overview.complete && hasResult(dir)) {
    const [first] = resultDifferences(readResult(dir), run.description, run.records);
    if (first)
      throw new SeawallError("journal", `${join(dir, runFiles.result)}: not of this journal: ${first}`);
  }
  return overview;
}

function refuseLink(file: string): void {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat && !stat.isFile())
    throw new SeawallError("journal", `${file}: not a file itself, so it is not read`);
}
