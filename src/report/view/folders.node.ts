/** Finds the folders that the viewer shows: runs of evaluations, and trainings. Links are not followed. */
import { lstatSync, readdirSync, realpathSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { messageOf, SeawallError, shortHash } from "../../base/index.js";
import { runFiles } from "../../journal/index.js";
import { trainingRecords } from "../../journal/index.node.js";

/** A folder that holds the run of an evaluation, or a training. */
export interface RunFolder {
  readonly kind: "evaluation" | "training";
  /** Identifies the folder in URLs. A hash of its path. */
  readonly id: string;
  readonly dir: string;
  /** The path relative to the folder given by the user. */
  readonly name: string;
}

/** Limits for a search in a home folder given by mistake; larger than any collection of runs. */
const deepest = 5;
const mostFolders = 20_000;

/**
 * The runs and trainings in these folders and below them, sorted by name. Links are not followed.
 * @throws SeawallError `usage` for a path that is not a folder
 */
export function findRuns(folders: readonly string[]): RunFolder[] {
  const found = new Map<string, RunFolder>();
  let budget = mostFolders;
  const visit = (root: string, dir: string, depth: number) => {
    if (budget-- <= 0) return;
    const kind = kindOf(dir);
    const id = shortHash(dir);
    if (kind) found.set(id, { kind, id, dir, name: relative(root, dir) || basename(dir) });
    // Evaluations of a model may lie in the folder of its training.
    if (kind === "evaluation" || depth === deepest) return;
    for (const name of foldersIn(dir)) visit(root, join(dir, name), depth + 1);
  };
  for (const folder of folders) {
    const root = realFolder(folder);
    visit(root, root, 0);
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}

function kindOf(dir: string): RunFolder["kind"] | undefined {
  if (isFile(join(dir, runFiles.run))) return "evaluation";
  return isFile(join(dir, trainingRecords.description)) ? "training" : undefined;
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

/** What is wrong with a damaged folder, without its path. Other errors are thrown again. */
export function damageOf({ dir }: RunFolder, error: unknown): string {
  if (!(error instanceof SeawallError)) throw error;
  return error.message.replaceAll(`${dir}${sep}`, "");
}

/** @throws SeawallError `journal` for a link, or what else is no regular file; what is not there is fine */
export function refuseLink(file: string): void {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat && !stat.isFile())
    throw new SeawallError("journal", `${file}: a link or not a regular file, so it is not read`);
}
