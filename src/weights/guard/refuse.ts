/** How this room says no: one error code, file names put in front once, hostile text made harmless. */
import { SeawallError } from "../../base/index.js";

/** @throws SeawallError `weights`, always. */
export function refuse(message: string, cause?: unknown): never {
  throw new SeawallError("weights", message, cause === undefined ? undefined : { cause });
}

/** @throws SeawallError `weights`: a pickle contradicts itself. */
export function damaged(what: string): never {
  return refuse(`its pickle is damaged: ${what}; fetch or save the file again`);
}

/** Text from a file as it may stand in a message: quoted, control characters escaped, at most 100 characters. */
export function quote(text: string): string {
  const short = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  return JSON.stringify(short).replace(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, escapeUnicode);
}

function escapeUnicode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Runs `read` and puts the file's name in front of what it refuses. */
export function inFile<T>(fileName: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SeawallError)) throw error;
    throw new SeawallError(error.code, `${fileName}: ${error.message}`, { cause: error });
  }
}
