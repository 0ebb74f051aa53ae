/** A full disk is named, loses nothing that was finished, and once there is room the same command ends as if nothing had been. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { casesOf } from "./cases.mjs";
import { differences, Workplace } from "./workplace.mjs";

const root = mkdtempSync(join(tmpdir(), "seawall-full-"));
afterAll(() => rmSync(root, { recursive: true }));

const kib = (size: number) => `size=${size}k`;
const mount = (folder: string, size: number) =>
  spawnSync("mount", ["-t", "tmpfs", "-o", kib(size), "tmpfs", folder]).status === 0;

/** Whether this user may mount a file system of a chosen size: root, on Linux, outside of most containers. */
const canMount = (() => {
  const folder = join(root, "probe");
  mkdirSync(folder);
  if (!mount(folder, 64)) return false;
  execFileSync("umount", [folder]);
  return true;
})();

/** Verb, KiB of the disk, and the file that finds it full. */
const rows = [
  ["eval", 60, /^error: out\/.*: cannot be written/m],
  ["train", 5000, /^error: out\/(last|best-\w+)\.safetensors: cannot be written/m],
  ["merge", 64, /^error: out\/journal\.jsonl: cannot be written/m],
  ["report", 900, /^error: out\/report\.html: cannot be written/m],
  ["convert", 1000, /^error: out\.onnx: cannot be written/m],
  ["grad", 1000, /^error: out\.onnx: cannot be written/m],
] as const;

describe.skipIf(!canMount)("a full disk (needs the right to mount a tmpfs)", () => {
  it.each(rows)("%s", { timeout: 300_000 }, async (verb, size, problem) => {
    const place = join(root, verb);
    mkdirSync(place);
    const sizes = { images: 8, architecture: "upernet-convnext-micro-cvst" };
    const spec = (await casesOf(verb, place, sizes))[0]!;
    const alone = new Workplace(spec, join(place, "alone"));
    expect((await alone.startAndKill()).code).toBe(0);

    const disk = join(place, "disk");
    mkdirSync(disk);
    expect(mount(disk, size)).toBe(true);
    onTestFinished(() => void execFileSync("umount", [disk]));
    const full = new Workplace(spec, disk);
    const { code, said } = await full.startAndKill();
    expect(said).toMatch(problem);
    expect(said).toMatch(/ENOSPC.*the disk is full; make room, and run the command again/);
    expect(code).toBe(2);

    execFileSync("mount", ["-o", `remount,${kib(64 * 1024)}`, disk]);
    expect((await full.startAndKill()).code).toBe(0);
    expect(differences(alone.files(), full.files())).toEqual([]);
    expect(full.leftovers()).toEqual([]);
  });
});
