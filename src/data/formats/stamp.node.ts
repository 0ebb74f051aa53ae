/** Stamps: size and modification time of a file, by which a change is noticed. */
import { stat } from "node:fs/promises";
import { SeawallError } from "../../base/index.js";
import type { Stamp } from "../layouts/layout.js";

/** The stamp of a plain file, following links; undefined for anything else, so that no pipe or device is opened. */
export async function stampOf(file: string): Promise<Stamp | undefined> {
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() ? { size: found.size, changed: found.mtimeMs } : undefined;
}

/**
 * Checks that a file still has the stamp it had when the data set was opened.
 * @throws SeawallError `data` when the file has vanished or changed
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
