/** The one error class for everything a user can mend. */

/** What kind of input was wrong; the command line maps every one of them to exit code 2. */
export type ErrorCode =
  | "usage"
  | "config"
  | "data"
  | "model"
  | "unsupported"
  | "journal"
  | "weights"
  | "training";

/**
 * Something outside the program was wrong: a flag, a file, a model, a data set.
 * The message says where, what was expected, what came and what to do.
 * Mistakes of our own are plain `Error`s whose message begins with `internal:`.
 */
export class SeawallError extends Error {
  override readonly name = "SeawallError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Throws `internal: …` when one of our own assumptions does not hold. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal: ${message}`);
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
