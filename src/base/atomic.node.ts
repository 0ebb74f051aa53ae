/** Atomic writing of files: a reader, also after a crash, finds the old content or the new content, never a part of it. */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { attempt, fileError } from "./files.node.js";
import { isRunning } from "./running.node.js";

const temporaryEnd = ".seawall-tmp";

/**
 * Replaces a file: the content is written to a temporary file beside it, flushed and renamed.
 * @throws SeawallError `journal` if the file cannot be written
 */
export function writeFileAtomic(file: string, content: string | Uint8Array): void {
  attempt(file, "written", () => {
    replaceBy(file, (beside) => writeFileSync(beside, content, { flush: true }));
    flushFolder(dirname(file));
  });
}

/**
 * Copies a file atomically. It is not flushed, which takes long for many files: after a power failure, copy it again.
 * @throws SeawallError `journal` if it cannot be copied
 */
export function copyFileAtomic(from: string, to: string): void {
  attempt(to, "written", () => replaceBy(to, (beside) => copyFileSync(from, beside)));
}

/** Replaces a file by what is written beside it; nothing stays there if that fails. */
function replaceBy(file: string, write: (beside: string) => void): void {
  const beside = temporaryFor(file);
  try {
    write(beside);
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** Bytes, and the position in the file of the first of them. */
interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * As `writeFileAtomic`, for a file of any size that is the output of a command. What killed commands left beside it is
 * removed first.
 * @throws SeawallError `usage` if the file cannot be written
 */
export async function writePiecesAtomic(file: string, pieces: Iterable<Piece>): Promise<void> {
  const beside = temporaryFor(file);
  try {
    removeLeftoversOf(file);
    await writePieces(beside, pieces);
    renameSync(beside, file);
    flushFolder(dirname(file));
  } catch (error) {
    rmSync(beside, { force: true });
    throw fileError("usage", file, "written", error);
  }
}

async function writePieces(file: string, pieces: Iterable<Piece>): Promise<void> {
  const handle = await open(file, "w");
  try {
    for (const piece of pieces) await writePiece(handle, piece);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Node writes at most 2 GiB in one call, and may write less than it is asked to. */
async function writePiece(handle: FileHandle, { offset, bytes }: Piece): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const length = Math.min(bytes.length - done, 2 ** 30);
    done += (await handle.write(bytes, done, length, offset + done)).bytesWritten;
  }
}

/** The name of a temporary file beside a file. @param by who writes it: a process, or a unique name */
export function temporaryFor(file: string, by: number | string = process.pid): string {
  return `${file}.${by}${temporaryEnd}`;
}

/** Whether a file name is that of a temporary file, which a process that was killed while it wrote leaves behind. */
export function isLeftover(name: string): boolean {
  return name.endsWith(temporaryEnd);
}

/** Removes the temporary files in a folder. Only for the process that holds the folder's lock: others may be writing. */
export function removeLeftovers(folder: string): void {
  removeFiles(folder, isLeftover);
}

/** Removes the temporary files of a file whose processes no longer run on this machine. */
export function removeLeftoversOf(file: string): void {
  const begin = `${basename(file)}.`;
  removeFiles(dirname(file), (name) => {
    if (!name.startsWith(begin) || !isLeftover(name)) return false;
    const pid = Number(name.slice(begin.length, -temporaryEnd.length));
    return Number.isInteger(pid) && pid > 0 && !isRunning(pid);
  });
}

function removeFiles(folder: string, isMeant: (name: string) => boolean): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) if (isMeant(name)) rmSync(join(folder, name), { force: true });
}

/** Flushes a folder to disk, so that a file created or renamed in it survives a power failure. */
export function flushFolder(folder: string): void {
  if (process.platform === "win32") return; // Windows cannot open folders.
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
