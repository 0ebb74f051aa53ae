/** Stamps: size and time of change of a file, which tell whether it was written again. */
import { stat } from "node:fs/promises";
import { SeawallError } from "../../base/index.js";

/** What tells that a file was written again: bytes, and the time of the last change in milliseconds. */
export interface Stamp {
  readonly size: number;
  readonly changed: number;
}

/** The stamp of a plain file (links are followed); undefined for all else, so that no pipe or device is opened. */
export async function stampOf(file: string): Promise<Stamp | undefined> {
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() ? { size: found.size, changed: found.mtimeMs } : undefined;
}

/**
 * Checks that a file is still the one that had this stamp.
 * @throws SeawallError `data` when it vanished or was written again
 */
export async function checkStamp(file: string, { size, changed }: Stamp): Promise<void> {
  const now = await stampOf(file);
  if (now?.size === size && now.changed === changed) return;
  const what = now ? `was written again (${size} bytes before, ${now.size} now)` : "vanished";
  throw new SeawallError(
    "data",
    `${file}: ${what} since the data set was opened; put the file back as it was, then continue with --resume`,
  );
}
