/** A lock file that allows one writer per run folder. A lock left by a killed process does not block the folder. */
import { randomUUID } from "node:crypto";
import {
  constants,
  copyFileSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { temporaryFor } from "./atomic.node.js";
import { SeawallError } from "./errors.js";
import { attempt } from "./files.node.js";
import { isRunning } from "./running.node.js";

/** Name of the lock file in a run folder. */
export const lockName = "run.lock";

/**
 * The holder touches the lock file once per `heartbeat`. Other machines take it for dead when the file was not touched
 * for `patience`. Both in milliseconds.
 */
const heartbeat = 20_000;
const patience = 120_000;

const holderSchema = z.object({
  pid: z.int().min(1),
  host: z.string(),
  /** Boot id and start time: they differ for a later process with the same pid. Empty where the system has none. */
  started: z.string(),
  token: z.string(),
});
type Holder = z.infer<typeof holderSchema>;

/** A lock that this process holds. */
export interface FolderLock {
  /** @throws SeawallError `journal` if another process has taken over the folder */
  assertHeld(): void;
  /** Deletes the lock file, unless another process has taken over the folder. */
  release(): void;
}

/**
 * Locks a folder for this process. A lock whose holder no longer runs is replaced.
 * @throws SeawallError `journal` if another process is writing to the folder
 */
export function lockFolder(folder: string): FolderLock {
  const file = join(folder, lockName);
  const holder: Holder = {
    pid: process.pid,
    host: hostname(),
    started: startOf(process.pid),
    token: randomUUID(),
  };
  attempt(file, "written", () => {
    for (let tries = 0; !create(file, holder); tries++) {
      if (tries === 10)
        throw new SeawallError(
          "journal",
          `${file}: other processes took the lock 10 times in a row; try again`,
        );
      removeStale(file);
    }
  });
  const beat = setInterval(() => touch(file), heartbeat);
  beat.unref();

  const held = () => read(file)?.token === holder.token;
  return {
    assertHeld() {
      if (held()) return;
      throw new SeawallError(
        "journal",
        `${folder}: another process has taken over this run, so this process stops writing`,
      );
    },
    release() {
      clearInterval(beat);
      if (held()) rmSync(file, { force: true });
    },
  };
}

/** Whether a process holds the lock of this folder. */
export function isBeingWritten(folder: string): boolean {
  const file = join(folder, lockName);
  const idle = idleTime(file);
  return idle !== undefined && !isGone(read(file), idle);
}

/**
 * Creates the lock file, with its content from the first moment: an empty one, of a process that was killed in between,
 * would block the folder for `patience`. Returns false if the file exists.
 */
function create(file: string, holder: Holder): boolean {
  const beside = temporaryFor(file, holder.token);
  try {
    writeFileSync(beside, JSON.stringify(holder));
    linkOrCopy(beside, file);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(beside, { force: true });
  }
}

/** Gives a file a second name that must be free. Some file systems (exFAT, network shares) have no links. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(String(codeOf(error)))) throw error;
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  }
}

/**
 * Removes a lock whose holder no longer runs.
 * @throws SeawallError `journal` if the holder runs
 */
function removeStale(file: string): void {
  const holder = read(file);
  const idle = idleTime(file);
  if (idle === undefined) return;
  if (!isGone(holder, idle)) throw inUse(file, holder);
  // Renaming before deleting: if two processes do this at the same time, only one succeeds.
  const aside = temporaryFor(file, randomUUID());
  try {
    renameSync(file, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  const taken = read(aside);
  if (taken?.token !== holder?.token) {
    renameSync(aside, file);
    throw inUse(file, taken);
  }
  rmSync(aside, { force: true });
}

/**
 * Whether the holder of a lock no longer runs. Same host: ask the operating system. Other host, or a lock file that
 * cannot be read: true if the file was not touched for `patience`.
 */
function isGone(holder: Holder | undefined, idle: number): boolean {
  if (holder?.host !== hostname()) return idle > patience;
  return !isRunning(holder.pid) || (holder.started !== "" && holder.started !== startOf(holder.pid));
}

/** Boot id and start time of a process from /proc; "" where there is no /proc. */
function startOf(pid: number): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses and may hold spaces; the start time is the 22nd.
    return `${boot} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  } catch {
    return "";
  }
}

function inUse(file: string, holder: Holder | undefined): SeawallError {
  const who = holder ? `process ${holder.pid} on ${holder.host}` : "another process";
  return new SeawallError(
    "journal",
    `${file}: ${who} is writing to this folder; wait until it ends, use another --out, ` +
      `or delete this file if you know that the process no longer runs`,
  );
}

/** The holder of the lock; undefined if there is no lock file, or it is not completely written. */
function read(file: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}

/** Milliseconds since the lock file was last touched; undefined if there is none. */
function idleTime(file: string): number | undefined {
  try {
    return Date.now() - statSync(file).mtimeMs;
  } catch {
    return undefined;
  }
}

function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // The file was deleted or replaced; `assertHeld` reports it before the next write.
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
