/** Atomic writing of files, and reading with a size limit. */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { messageOf, SeawallError } from "./errors.js";

/** A file of the package by its path there, wherever the calling module was built to. */
export function packageFile(path: string): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return join(folder, path);
}

/** The version of the program, as package.json has it. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as { version: string }).version;
}

const temporaryEnd = ".seawall-tmp";

/**
 * Replaces a file atomically: the content is written to a temporary file beside it, flushed and renamed. A reader,
 * also after a crash, finds the old content or the new content, never a part of it.
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

/** Whether a file name is that of a temporary file which an interrupted `writeFileAtomic` left behind. */
export function isLeftover(name: string): boolean {
  return name.endsWith(temporaryEnd);
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
          `${file}: the file has ${size} bytes, more than the ${limit} that a file of this kind can have; check that it is the right file`,
        );
      }
      return readFileSync(handle, "utf8");
    } finally {
      closeSync(handle);
    }
  });
}

/**
 * Runs a file operation.
 * @param done the operation as a participle, for the message: `written`, `read`
 * @throws SeawallError `journal` naming the file, in place of an error of the operating system
 */
export function attempt<T>(file: string, done: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (error instanceof SeawallError) throw error;
    throw new SeawallError("journal", `${file}: cannot be ${done} (${messageOf(error)})`, { cause: error });
  }
}
