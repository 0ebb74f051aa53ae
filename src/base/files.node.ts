/** Files that are either whole or not there, and reading with a limit. */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { messageOf, SeawallError } from "./errors.js";

const temporaryEnd = ".seawall-tmp";

/**
 * Replaces a file as a whole: written beside it, flushed and renamed, so that whoever reads it, even after a
 * crash, finds the old content or the new, never a part.
 * @throws SeawallError `journal` if the file cannot be written
 */
export function writeFileAtomic(file: string, content: string | Uint8Array): void {
  const beside = `${file}.${process.pid}${temporaryEnd}`;
  attempt(file, "written", () => {
    try {
      writeFileSync(beside, content, { flush: true });
      renameSync(beside, file);
    } catch (error) {
      rmSync(beside, { force: true });
      throw error;
    }
    flushFolder(dirname(file));
  });
}

/** Was this file left by a `writeFileAtomic` that did not finish? */
export function isLeftover(name: string): boolean {
  return name.endsWith(temporaryEnd);
}

/** Makes a new or renamed entry of a folder last. */
export function flushFolder(folder: string): void {
  if (process.platform === "win32") return; // folders cannot be opened there
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/**
 * The text of a file.
 * @throws SeawallError `journal` if it cannot be read or is larger than `limit` bytes
 */
export function readText(file: string, limit: number): string {
  return attempt(file, "read", () => {
    const handle = openSync(file, "r");
    try {
      const { size } = fstatSync(handle);
      if (size > limit) {
        throw new SeawallError(
          "journal",
          `${file}: ${size} bytes; expected at most ${limit}, so it is no such file`,
        );
      }
      return readFileSync(handle, "utf8");
    } finally {
      closeSync(handle);
    }
  });
}

/** Runs a file operation; what the system refuses becomes an error that names the file. */
export function attempt<T>(file: string, done: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (error instanceof SeawallError) throw error;
    throw new SeawallError("journal", `${file}: cannot be ${done} (${messageOf(error)})`, { cause: error });
  }
}
