/** One writer per run folder: a lock file that a killed process does not leave locked. */
import { randomUUID } from "node:crypto";
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { SeawallError } from "./errors.js";
import { attempt } from "./files.node.js";

/** Name of the lock file in a run folder. */
export const lockName = "run.lock";

/** The lock is touched this often; another machine believes its holder gone after `patience` without. */
const heartbeat = 20_000;
const patience = 120_000;

const holderSchema = z.object({
  pid: z.int().min(1),
  host: z.string(),
  /** Tells the process from a later one with the same pid; empty where the system does not say. */
  started: z.string(),
  token: z.string(),
});
type Holder = z.infer<typeof holderSchema>;

export interface FolderLock {
  /** @throws SeawallError `journal` if another process has taken the folder over */
  assertHeld(): void;
  release(): void;
}

/**
 * Takes a folder for this process, also from a process that is gone.
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
        throw new SeawallError("journal", `${file}: other processes keep taking it; try again`);
      removeStale(file);
    }
  });
  const beat = setInterval(() => touch(file), heartbeat);
  beat.unref();

  const held = () => read(file)?.token === holder.token;
  return {
    assertHeld() {
      if (held()) return;
      throw new SeawallError("journal", `${folder}: another process has taken this run over; this one stops`);
    },
    release() {
      clearInterval(beat);
      if (held()) rmSync(file, { force: true });
    },
  };
}

/** Is a process writing to this folder? */
export function isBeingWritten(folder: string): boolean {
  const file = join(folder, lockName);
  const idle = idleTime(file);
  return idle !== undefined && !isGone(read(file), idle);
}

/** Creates the lock file; false if there is one. */
function create(file: string, holder: Holder): boolean {
  try {
    writeFileSync(file, JSON.stringify(holder), { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Removes a lock whose holder is gone; refuses to touch another. */
function removeStale(file: string): void {
  const holder = read(file);
  const idle = idleTime(file);
  if (idle === undefined) return;
  if (!isGone(holder, idle)) throw inUse(file, holder);
  // Renamed first: of two processes that do this at once, only one gets it.
  const aside = `${file}.${randomUUID()}`;
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

/** On this machine the system knows; of another machine, or of half a lock, only the silence speaks. */
function isGone(holder: Holder | undefined, idle: number): boolean {
  if (holder?.host !== hostname()) return idle > patience;
  return !isRunning(holder.pid) || (holder.started !== "" && holder.started !== startOf(holder.pid));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // sends nothing
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

/** Boot and start time of a process where /proc tells them, else "". */
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
    `${file}: ${who} is writing to this folder; wait for it, use another --out, ` +
      `or delete the file if that process is gone for sure`,
  );
}

/** Who holds the lock; undefined if nobody does or the file is not whole. */
function read(file: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}

/** Milliseconds since the lock was last touched; undefined if it is gone. */
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
    // Gone or taken: the next append says so.
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
