/** The error class for everything that a user can correct. */

/** The kind of input that was wrong. The command line exits with 2 for each of them. */
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
 * An error outside the program: in a flag, a file, a model, a data set.
 * The message says where it is, what was expected, what was found, and what to do.
 * Errors in Seawall itself are plain `Error`s whose message begins with `internal:`.
 */
export class SeawallError extends Error {
  override readonly name = "SeawallError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The error with the place in front of its message, where the message does not begin with it; others as they are. */
export function placed(error: unknown, place: string | undefined): unknown {
  if (!(error instanceof SeawallError) || place === undefined || error.message.startsWith(`${place}:`))
    return error;
  return new SeawallError(error.code, `${place}: ${error.message}`, { cause: error });
}

/** Runs `work`; an error in it says the place first, as `placed` does. */
export function inPlace<T>(place: string | undefined, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw placed(error, place);
  }
}

/** @throws Error `internal: …` if the condition, an assumption of Seawall's own code, does not hold */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal: ${message}`);
}

/** The message of a thrown value, which need not be an Error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
