/** A run as it is given on the command line: its folder, or a zip of the folder. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, sep } from "node:path";
import { SeawallError } from "../../base/index.js";
import { attempt } from "../../base/index.node.js";
import { unpackRun } from "./zip.js";

/** Node reads no more at once. */
const largestFile = 2 ** 31 - 1;

/**
 * Calls `use` with the folders of runs. What is given as a zip is unpacked into a folder for as long as `use` takes; errors
 * name the zip.
 * @throws SeawallError `journal` for a zip that cannot be taken for a run; what `use` throws
 */
export async function withRunFolders<T>(
  given: readonly string[],
  use: (dirs: readonly string[]) => T | Promise<T>,
): Promise<T> {
  const [first, ...rest] = given;
  if (first === undefined) return use([]);
  return withRunFolder(first, (dir) => withRunFolders(rest, (dirs) => use([dir, ...dirs])));
}

async function withRunFolder<T>(given: string, use: (dir: string) => Promise<T>): Promise<T> {
  if (!statSync(given, { throwIfNoEntry: false })?.isFile()) return use(given);
  const root = attempt(tmpdir(), "written", () => mkdtempSync(join(tmpdir(), "seawall-")));
  // Named as the zip, so that a list of runs says which one it is.
  const dir = join(root, basename(given).replace(/\.zip$/i, "") || "run");
  try {
    unpack(given, dir);
    return await use(dir);
  } catch (error) {
    throw namingZip(error, dir, given);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function unpack(file: string, dir: string): void {
  for (const [path, content] of readZip(file)) {
    const place = join(dir, path);
    attempt(place, "written", () => {
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, content);
    });
  }
}

function readZip(file: string): Map<string, Uint8Array> {
  const { size } = statSync(file);
  if (size > largestFile) {
    throw new SeawallError(
      "journal",
      `${file}: ${(size / 2 ** 30).toFixed(1)} GiB, and a zip of a run is read up to 2 GiB; unpack it and give the folder`,
    );
  }
  const zip = attempt(file, "read", () => readFileSync(file));
  try {
    return unpackRun(zip);
  } catch (error) {
    if (!(error instanceof SeawallError)) throw error;
    throw new SeawallError(error.code, `${file}: ${error.message}`, { cause: error });
  }
}

/** `/tmp/…/journal.jsonl, line 3: …` → `run.zip: journal.jsonl, line 3: …` */
function namingZip(error: unknown, dir: string, given: string): unknown {
  if (!(error instanceof SeawallError)) return error;
  const message = error.message.replaceAll(`${dir}${sep}`, `${given}: `).replaceAll(dir, given);
  return new SeawallError(error.code, message, { cause: error });
}
