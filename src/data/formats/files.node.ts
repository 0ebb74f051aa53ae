/** Reading files of a data set. Files are untrusted: they may be missing, huge, or not plain files. */
import { open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, SeawallError } from "../../base/index.js";
import type { DataFiles } from "../layouts/layout.js";
import { stampOf } from "./stamp.node.js";

/** The largest image or label file that is read, in bytes. Raw RGB of `maxPixels` pixels fits. */
export const maxFileBytes = 2 ** 28;

/**
 * The bytes of a file.
 * @throws SeawallError `data` when the file is missing, unreadable, not a plain file or larger than `maxFileBytes`.
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

/** The first bytes of a plain file, at most so many; none of one that cannot be read. */
export async function readStart(file: string, bytes: number): Promise<Buffer> {
  if (!(await stampOf(file))) return Buffer.alloc(0);
  const handle = await open(file).catch(() => undefined);
  if (!handle) return Buffer.alloc(0);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** The local file system. */
export const diskFiles: DataFiles = {
  join,
  isFolder,
  namesIn: sortedNames,
  readText: async (file) => (await readBytes(file)).toString("utf8"),
};

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

async function sortedNames(folder: string): Promise<string[]> {
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
