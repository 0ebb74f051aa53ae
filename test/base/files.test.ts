/** Atomic writing and reading with a limit, on real files. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SeawallError } from "../../src/base/index.js";
import {
  attempt,
  copyFileAtomic,
  flushFolder,
  isLeftover,
  readText,
  removeLeftovers,
  removeLeftoversOf,
  writeFileAtomic,
  writePiecesAtomic,
} from "../../src/base/index.node.js";
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
    expect(() => writeFileAtomic(file, "new")).toThrow(
      /result\.json: cannot be written \(ENOSPC.*\): the disk is full; make room, and run the command again/,
    );
    expect(readFileSync(file, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["result.json"]);
  });

  it("names temporary files so that they are recognised when a killed process leaves one", () => {
    expect(isLeftover("result.json.123.seawall-tmp")).toBe(true);
    expect(isLeftover("result.json")).toBe(false);
    expect(isLeftover("seawall-tmp.json")).toBe(false);
  });
});

it("a file is copied under its own name only when it is whole", () => {
  const folder = testFolder();
  const [from, to] = [join(folder, "from"), join(folder, "to")];
  writeFileSync(from, "content");
  copyFileAtomic(from, to);
  expect(readFileSync(to, "utf8")).toBe("content");
  expect(() => copyFileAtomic(join(folder, "none"), to)).toThrow(`${to}: cannot be written (ENOENT`);
  expect(readdirSync(folder)).toEqual(["from", "to"]);
});

describe("what killed processes left", () => {
  // Process numbers end at 2²² on Linux, and lower elsewhere.
  const ofNobody = "model.onnx.2147483647.seawall-tmp";

  it("beside a file goes when it is written again; what a running process writes stays", async () => {
    const folder = testFolder();
    const [file, other] = [join(folder, "model.onnx"), `model.onnx.${process.ppid}.seawall-tmp`];
    for (const name of [ofNobody, other, "other.onnx.2147483647.seawall-tmp"])
      writeFileSync(join(folder, name), "torn");
    await writePiecesAtomic(file, [
      { offset: 2, bytes: Uint8Array.of(3, 4) },
      { offset: 0, bytes: Uint8Array.of(1, 2) },
    ]);
    expect([...readFileSync(file)]).toEqual([1, 2, 3, 4]);
    expect(readdirSync(folder)).toEqual(["model.onnx", other, "other.onnx.2147483647.seawall-tmp"]);
    removeLeftoversOf(join(folder, "other.onnx"));
    expect(readdirSync(folder)).toEqual(["model.onnx", other]);
  });

  it("in a folder all goes, for the holder of its lock", () => {
    const folder = testFolder();
    for (const name of [ofNobody, "kept.json"]) writeFileSync(join(folder, name), "");
    removeLeftovers(folder);
    expect(readdirSync(folder)).toEqual(["kept.json"]);
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
