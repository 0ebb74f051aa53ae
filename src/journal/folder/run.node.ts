/** A run folder that is written: begun, or resumed after any crash. */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { SeawallError } from "../../base/index.js";
import {
  attempt,
  type FolderLock,
  flushFolder,
  isLeftover,
  lockFolder,
  lockName,
} from "../../base/index.node.js";
import type { RunDescription } from "../description.js";
import { compareDescriptions } from "../differences.js";
import { checkNewRecord, type Journal } from "../journal.js";
import { lineText, sealed, unsealedNotice } from "../lines/seal.js";
import { readJournal, type StoredJournal } from "../lines.node.js";
import type { RunRecord } from "../record.js";
import { removeRunLeftovers } from "./extras.node.js";
import { runFiles } from "./files.js";
import { readDescription, writeDescription } from "./stored.node.js";

/** A run folder open for writing. */
export interface Run extends Journal {
  readonly dir: string;
  /** As stored; on resume, that of the run's beginning. */
  readonly description: RunDescription;
  /** Number of records found on opening. */
  readonly found: number;
  /** What the user should know about the resume, a sentence each. */
  readonly warnings: readonly string[];
  /** Closes the journal and gives the folder free. */
  close(): void;
}

export interface RunOptions {
  /** Continue the run in the folder; a folder without one begins a new run. */
  readonly resume?: boolean;
}

/**
 * Opens a run folder for this process alone.
 * @throws SeawallError `journal` if the folder is not empty (without `resume`), holds another run or a damaged
 * one, cannot be written, or is being written by another process
 */
export async function openRun(
  dir: string,
  description: RunDescription,
  { resume = false }: RunOptions = {},
): Promise<Run> {
  const lock = claimFolder(
    dir,
    (names) => resume && names.includes(runFiles.run),
    "add --resume to continue the run in it, or use another --out",
  );
  try {
    return startRun(dir, description, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * Makes a folder if there is none and locks it. Refuses one with content, unless the caller can go on with it.
 * @param canGoOn is given the names in the folder
 * @param remedy what to do about a run in it
 */
export function claimFolder(
  dir: string,
  canGoOn: (names: readonly string[]) => boolean,
  remedy: string,
): FolderLock {
  attempt(dir, "created", () => mkdirSync(dir, { recursive: true }));
  // Before anything is written into a folder that may be somebody's photos.
  refuseOccupied(dir, canGoOn, remedy);
  const lock = lockFolder(dir);
  try {
    refuseOccupied(dir, canGoOn, remedy);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

function refuseOccupied(dir: string, canGoOn: (names: readonly string[]) => boolean, remedy: string): void {
  const names = attempt(dir, "read", () => readdirSync(dir));
  const content = names.filter((name) => !name.startsWith(lockName) && !isLeftover(name));
  if (content.length === 0 || canGoOn(content)) return;
  const advice = content.includes(runFiles.run) ? remedy : "it holds no run; use another --out";
  throw new SeawallError(
    "journal",
    `${dir}: the folder is not empty (${content.slice(0, 3).join(", ")}); ${advice}`,
  );
}

function startRun(dir: string, wanted: RunDescription, lock: FolderLock): Run {
  const [runFile, file] = [join(dir, runFiles.run), join(dir, runFiles.journal)];
  const isNew = !existsSync(runFile);
  if (isNew) writeDescription(dir, wanted);
  const description = isNew ? wanted : readDescription(dir);
  const warnings = isNew ? [] : compare(dir, description, wanted);

  const handle = attempt(file, "opened", () => openSync(file, "a"));
  try {
    flushFolder(dir);
    removeRunLeftovers(dir);
    if (description.identity === undefined) warnings.push(`${file}: ${unsealedNotice}`);
    const stored = readJournal(file, description);
    if (stored.tornBytes > 0) {
      attempt(file, "repaired", () => ftruncateSync(handle, stored.goodBytes));
      warnings.push(
        `${file}: dropped a torn last line of ${stored.tornBytes} bytes; its image is done again`,
      );
    }
    return new FileRun(dir, description, warnings, stored, handle, lock);
  } catch (error) {
    closeSync(handle);
    throw error;
  }
}

/** @returns warnings about harmless differences */
function compare(dir: string, stored: RunDescription, wanted: RunDescription): string[] {
  const { deciding, harmless } = compareDescriptions(stored, wanted);
  if (deciding.length > 0) {
    throw new SeawallError(
      "journal",
      `${dir}: cannot resume, the run in it is another one:\n  ${deciding.join("\n  ")}\n` +
        "use the stored settings, or another --out",
    );
  }
  return harmless.map(
    (difference) => `resumed unlike it began: ${difference}; the last digits may depend on it`,
  );
}

class FileRun implements Run {
  readonly dir: string;
  readonly description: RunDescription;
  readonly warnings: readonly string[];
  readonly found: number;
  readonly #keys: StoredJournal["keys"];
  readonly #handle: number;
  readonly #lock: FolderLock;
  #bytes: number;
  #seal: string | undefined;

  constructor(
    dir: string,
    description: RunDescription,
    warnings: readonly string[],
    { keys, goodBytes, seal }: StoredJournal,
    handle: number,
    lock: FolderLock,
  ) {
    this.dir = dir;
    this.description = description;
    this.warnings = warnings;
    this.found = keys.size;
    this.#keys = keys;
    this.#bytes = goodBytes;
    this.#seal = seal;
    this.#handle = handle;
    this.#lock = lock;
  }

  has(key: Parameters<Journal["has"]>[0]): boolean {
    return this.#keys.has(key);
  }

  async append(record: RunRecord): Promise<void> {
    checkNewRecord(this.description, this.#keys, record);
    this.#lock.assertHeld();
    const line = sealed(this.#seal, JSON.stringify(record));
    const bytes = Buffer.from(lineText(line));
    attempt(this.#file, "written", () => this.#write(bytes));
    this.#bytes += bytes.length;
    this.#seal = line.seal;
    this.#keys.add(record);
  }

  async records(): Promise<readonly RunRecord[]> {
    return readJournal(this.#file, this.description).records;
  }

  close(): void {
    closeSync(this.#handle);
    this.#lock.release();
  }

  get #file(): string {
    return join(this.dir, runFiles.journal);
  }

  /** Synchronous, so that two appends cannot mix and a line is on the disk before the next image begins. */
  #write(line: Buffer): void {
    try {
      for (let done = 0; done < line.length; ) done += writeSync(this.#handle, line, done);
      fdatasyncSync(this.#handle);
    } catch (error) {
      // A full disk leaves half a line, which the next line must not follow.
      ftruncateSync(this.#handle, this.#bytes);
      throw error;
    }
  }
}
