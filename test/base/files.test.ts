/** Atomic writing and reading with a limit, on real files. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SeawallError } from "../../src/base/index.js";
import { attempt, flushFolder, isLeftover, readText, writeFileAtomic } from "../../src/base/index.node.js";
import { testFolder } from "./folder.js";

describe("writing a file atomically", () => {
  it("creates and replaces it, texts and bytes, and leaves nothing beside it", () => {
    const folder = testFolder();
    const file = join(folder, "result.json");
    writeFileAtomic(file, "old");
    writeFileAtomic(file, "new");
    expect(readFileSync(file, "utf8")).toBe("new");
    writeFileAtomic(file, Uint8Array.of(0, 255));
    expect([...readFileSync(file)]).toEqual([0, 255]);
    expect(readdirSync(folder)).toEqual(["result.json"]);
  });

  it("keeps the old content where the new one cannot take its place", () => {
    const folder = testFolder();
    // Renaming a file onto a folder that is not empty fails on every system.
    const target = join(folder, "result.json");
    mkdirSync(target);
    writeFileSync(join(target, "content"), "old");
    expect(() => writeFileAtomic(target, "new")).toThrow(`${target}: cannot be written (`);
    expect(readFileSync(join(target, "content"), "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["result.json"]);
  });

  it("reports a folder that does not exist as a journal error with the system's error as cause", () => {
    const file = join(testFolder(), "none", "result.json");
    let thrown: unknown;
    try {
      writeFileAtomic(file, "x");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(SeawallError);
    expect(thrown).toMatchObject({ code: "journal", cause: { code: "ENOENT" } });
  });

  it.skipIf(!existsSync("/dev/full"))("reports a full disk and removes what it wrote", () => {
    const folder = testFolder();
    const file = join(folder, "result.json");
    writeFileSync(file, "old");
    // The temporary file's name is known, and /dev/full answers every write with ENOSPC.
    symlinkSync("/dev/full", `${file}.${process.pid}.seawall-tmp`);
    expect(() => writeFileAtomic(file, "new")).toThrow(/result\.json: cannot be written \(ENOSPC/);
    expect(readFileSync(file, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["result.json"]);
  });

  it("names temporary files so that they are recognised when a killed process leaves one", () => {
    expect(isLeftover("result.json.123.seawall-tmp")).toBe(true);
    expect(isLeftover("result.json")).toBe(false);
    expect(isLeftover("seawall-tmp.json")).toBe(false);
  });
});

describe("reading a text", () => {
  it("reads up to the limit, and refuses a larger file without reading it", () => {
    const file = join(testFolder(), "run.json");
    writeFileSync(file, "äb"); // 3 bytes
    expect(readText(file, 3)).toBe("äb");
    expect(() => readText(file, 2)).toThrow(`${file}: the file has 3 bytes, more than the 2`);
  });

  it("names a file that cannot be read", () => {
    const folder = testFolder();
    expect(() => readText(join(folder, "none"), 10)).toThrow(/none: cannot be read \(ENOENT/);
    expect(() => readText(folder, 10_000_000)).toThrow(/cannot be read \(EISDIR/);
  });
});

it("attempt passes results and SeawallErrors through, and names the file in all other errors", () => {
  expect(attempt("file", "read", () => 5)).toBe(5);
  const own = new SeawallError("data", "mine");
  const failing = (error: unknown) => () => {
    throw error;
  };
  expect(() => attempt("file", "read", failing(own))).toThrow(own);
  expect(() => attempt("file", "moved", failing(new Error("EIO")))).toThrow("file: cannot be moved (EIO)");
});

it("flushFolder needs a folder that exists", () => {
  const folder = testFolder();
  expect(() => flushFolder(folder)).not.toThrow();
  if (process.platform !== "win32") expect(() => flushFolder(join(folder, "none"))).toThrow("ENOENT");
});
