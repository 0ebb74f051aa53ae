/** The lock of a run folder, with real processes as holders. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { isBeingWritten, lockFolder, lockName } from "../../src/base/index.node.js";
import { testFolder } from "./folder.js";

const lockOf = (folder: string) => join(folder, lockName);
const holder = { pid: process.pid, host: hostname(), started: "", token: "somebody" };

/** Writes the lock of another holder: by default a process that runs, since it is this one. */
const writeLock = (folder: string, change: Partial<typeof holder>) =>
  writeFileSync(lockOf(folder), JSON.stringify({ ...holder, ...change }));

/** Makes the lock look as if its holder had last touched it so many seconds ago. */
const age = (folder: string, seconds: number) => {
  const then = new Date(Date.now() - 1000 * seconds);
  utimesSync(lockOf(folder), then, then);
};

/** A process that does nothing until it is killed. */
function idleProcess(): ChildProcess {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** Takes the lock and gives it back: throws if it cannot be had. */
const takeOnce = (folder: string) => lockFolder(folder).release();

describe("the lock of a folder", () => {
  it("is refused to a second writer, and free when the first releases it", () => {
    const folder = testFolder();
    expect(isBeingWritten(folder)).toBe(false);
    const lock = lockFolder(folder);
    expect(isBeingWritten(folder)).toBe(true);
    expect(JSON.parse(readFileSync(lockOf(folder), "utf8"))).toMatchObject({
      pid: process.pid,
      host: hostname(),
    });
    expect(() => lockFolder(folder)).toThrow(
      `process ${process.pid} on ${hostname()} is writing to this folder`,
    );
    expect(() => lock.assertHeld()).not.toThrow();
    lock.release();
    expect(isBeingWritten(folder)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
    takeOnce(folder);
  });

  it("of a living process is refused, of a killed one taken over", async () => {
    const folder = testFolder();
    const child = idleProcess();
    writeLock(folder, { pid: child.pid! });
    expect(() => lockFolder(folder)).toThrow(`process ${child.pid} on`);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(isBeingWritten(folder)).toBe(false);
    const lock = lockFolder(folder);
    expect(() => lock.assertHeld()).not.toThrow();
    // The stale lock was moved aside first; nothing of it stays.
    expect(readdirSync(folder)).toEqual([lockName]);
    lock.release();
  });

  it.skipIf(!existsSync("/proc/self/stat"))(
    "of a process whose number another process has now is taken over",
    () => {
      const folder = testFolder();
      writeLock(folder, { pid: idleProcess().pid!, started: "another boot 12345" });
      takeOnce(folder);
    },
  );

  it("of another machine is respected until it was not touched for two minutes", () => {
    const folder = testFolder();
    writeLock(folder, { host: "elsewhere" });
    age(folder, 60);
    expect(isBeingWritten(folder)).toBe(true);
    expect(() => lockFolder(folder)).toThrow("on elsewhere is writing to this folder");
    age(folder, 600);
    expect(isBeingWritten(folder)).toBe(false);
    takeOnce(folder);
  });

  // A process that was killed while it wrote the lock, or that is writing it now: which of the two, only time tells.
  it.each(["", "{", "[]", '{"pid":-1}'])("with the content %j is respected for two minutes", (text) => {
    const folder = testFolder();
    writeFileSync(lockOf(folder), text);
    expect(() => lockFolder(folder)).toThrow("another process is writing to this folder");
    age(folder, 600);
    takeOnce(folder);
  });

  it("that a killed process had not yet put in its place blocks nobody", () => {
    const folder = testFolder();
    writeFileSync(join(folder, `${lockName}.token.seawall-tmp`), "");
    expect(isBeingWritten(folder)).toBe(false);
    takeOnce(folder);
  });

  it("once taken over by another process is no longer held, and stays when released", () => {
    const folder = testFolder();
    const lock = lockFolder(folder);
    writeLock(folder, { host: "elsewhere" });
    expect(() => lock.assertHeld()).toThrow("another process has taken over this run");
    lock.release();
    expect(JSON.parse(readFileSync(lockOf(folder), "utf8"))).toMatchObject({ host: "elsewhere" });
  });

  it("of a folder that does not exist cannot be taken", () => {
    expect(() => lockFolder(join(testFolder(), "none"))).toThrow(/run\.lock: cannot be written \(ENOENT/);
  });
});
