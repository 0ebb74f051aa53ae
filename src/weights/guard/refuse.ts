/** Errors of this module: one error code, the file's name in front once, untrusted text made safe to print. */
import { printable, SeawallError } from "../../base/index.js";

/** @throws SeawallError `weights`, always */
export function refuseFile(message: string, cause?: unknown): never {
  throw new SeawallError("weights", message, cause === undefined ? undefined : { cause });
}

/** @throws SeawallError `weights`, always: the pickle is invalid */
export function damaged(what: string): never {
  return refuseFile(`its pickle is damaged: ${what}; fetch or save the file again`);
}

/** Text from a file, safe for a message: quoted, control characters escaped, cut to 100 characters. */
export function quoteUntrusted(text: string): string {
  const short = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  return printable(JSON.stringify(short));
}

/** Runs `read`, and puts the file's name in front of the message of a SeawallError. */
export function inFile<T>(fileName: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SeawallError)) throw error;
    throw new SeawallError(error.code, `${fileName}: ${error.message}`, { cause: error });
  }
}
