/** Reading files of a data set that nobody has vouched for. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, SeawallError } from "../../base/index.js";
import { stampOf } from "./stamp.node.js";

/** The largest image or label file that is read, in bytes; `maxPixels` of raw RGB still fit. */
export const maxFileBytes = 2 ** 28;

/**
 * The bytes of a file.
 * @throws SeawallError `data` when it is missing, unreadable, no plain file or larger than `maxFileBytes`.
 */
export async function readBytes(file: string): Promise<Buffer> {
  const size = (await stampOf(file))?.size;
  if (size === undefined) throw new SeawallError("data", `${file}: no such file; check --data`);
  if (size > maxFileBytes) {
    throw new SeawallError(
      "data",
      `${file}: ${size} bytes, expected at most ${maxFileBytes}; store it smaller or compressed`,
    );
  }
  try {
    return await readFile(file);
  } catch (error) {
    throw new SeawallError("data", `${file}: cannot be read (${messageOf(error)}); check its permissions`);
  }
}

/** Whether a path is a folder. */
export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

/**
 * Names in a folder, sorted by code unit.
 * @throws SeawallError `data` when there is no such folder or it cannot be read.
 */
export async function namesIn(folder: string): Promise<string[]> {
  if (!(await isFolder(folder))) {
    throw new SeawallError("data", `${folder}: no such folder; check --data and --split`);
  }
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    throw new SeawallError(
      "data",
      `${folder}: cannot be listed (${messageOf(error)}); check its permissions`,
    );
  }
}

/**
 * The first of `root` and the folders `below` it that has a folder `mark` inside.
 * @throws SeawallError `data` with what was looked for.
 */
export async function findRoot(root: string, below: readonly string[], mark: string): Promise<string> {
  const candidates = [root, ...below.map((path) => join(root, path))];
  for (const candidate of candidates) {
    if (await isFolder(join(candidate, mark))) return candidate;
  }
  throw new SeawallError(
    "data",
    `${root}: expected a folder ${mark} in ${candidates.join(" or in ")}, found none; check the path in --data`,
  );
}
