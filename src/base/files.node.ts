/** Files of the package, reading with a size limit, and errors of the operating system in words. */
import { closeSync, existsSync, fstatSync, openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ErrorCode, messageOf, SeawallError } from "./errors.js";

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
    throw fileError("journal", file, done, error);
  }
}

/** The error for a file operation that failed: file, operation, the message of the operating system, and what to do. */
export function fileError(code: ErrorCode, file: string, done: string, error: unknown): SeawallError {
  const problem = `${file}: cannot be ${done} (${messageOf(error)})`;
  const remedy = done === "read" ? undefined : remedies[(error as NodeJS.ErrnoException).code ?? ""];
  return new SeawallError(code, remedy ? `${problem}: ${remedy}` : problem, { cause: error });
}

const again = "run the command again (eval and train: with --resume)";

/** What is wrong and what to do where a file cannot be written, by the error of the operating system. */
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: `the disk is full; make room, and ${again}`,
  EDQUOT: `the disk quota is used up; make room, and ${again}`,
  EFBIG: `larger than this process (ulimit -f) or file system allows; raise the limit, and ${again}`,
  ENOENT: "its folder is gone, or is on a read-only file system; write to another folder",
  EROFS: "the file system is read-only; write to another folder",
  EACCES: "look at the permissions of the file and of its folder",
  EPERM: "look at the permissions of the file and of its folder",
};
