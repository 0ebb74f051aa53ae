/** `seawall verify` as a process: what is true matches, and whatever was changed is found. */
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type RunRecord, unsealedNotice } from "../../src/journal/index.js";
import { readRun } from "../../src/journal/index.node.js";
import { rgbPng } from "../data/pixels.js";
import { journalText, sealedJson, withoutIdentity } from "../journal/runs.js";
import { sampleFolder, seawall, storedRun } from "./program.js";

let cwd: string;
beforeAll(async () => {
  cwd = await sampleFolder({ images: 3 });
  await storedRun(cwd, "runs/a");
});

const verify = (...args: string[]) => seawall(["verify", ...args], { cwd });
const all = ["--sample", "100"];

/** A copy of the run in which one line of the journal is another, and all are sealed anew. */
function copyWith(name: string, line: number, change: (record: RunRecord) => Partial<RunRecord>): string {
  const folder = join("runs", name);
  cpSync(join(cwd, "runs/a"), join(cwd, folder), { recursive: true });
  const file = join(cwd, folder, "journal.jsonl");
  const { description, records } = readRun(join(cwd, folder));
  const changed = records.map((record, i) => (i === line - 1 ? { ...record, ...change(record) } : record));
  writeFileSync(file, journalText(description, changed));
  return folder;
}

/** One right pixel of a class that has one becomes wrong: counts stay those of some prediction, details are gone. */
function oneFewer({ correct, valid, intersection, union }: RunRecord): Partial<RunRecord> {
  const from = intersection.findIndex((count) => count > 0);
  const to = (from + 1) % intersection.length;
  return {
    details: undefined,
    accuracy: (correct - 1) / valid,
    correct: correct - 1,
    intersection: intersection.map((count, s) => (s === from ? count - 1 : count)),
    union: union.map((count, s) => (s === to ? count + 1 : count)),
  };
}

describe("seawall verify", () => {
  it("makes every record of a true run again to the same numbers", async () => {
    const { code, stdout, stderr } = await verify("runs/a", ...all);
    expect(stderr).toMatch(/✓ photo0, clean: match\n✓ photo0, apgd:ce at 2\/255: match\n/);
    expect(stderr).toMatch(/✓ match: 15 of 15 records made again, of 15 in the journal\n$/);
    expect([code, stdout]).toEqual([0, ""]);
  });

  it("draws its sample by the seed alone", async () => {
    const drawn = async (seed: string) => {
      const { stdout } = await verify("runs/a", "--sample", "4", "--seed", seed, "--json");
      const { sample, match } = JSON.parse(stdout);
      expect(match).toBe(true);
      expect(sample).toHaveLength(4);
      return stdout;
    };
    expect(await drawn("1")).toBe(await drawn("1"));
    expect(await drawn("2")).not.toBe(await drawn("1"));
  });

  it("finds a changed record, says by how much, and ends with 3", async () => {
    const folder = copyWith("fewer", 5, oneFewer);
    const { code, stdout, stderr } = await verify(folder, ...all);
    expect(
      stderr.match(/✗ photo\d, .*: mismatch, at least 1 pixel predicted otherwise, accuracy \+0\.00\d\d/g),
    ).toHaveLength(1);
    expect(stderr).toMatch(/✗ result\.json is not of this journal: \w+\.\S+: .* stored, .* by the journal/);
    expect(stderr).toMatch(/✗ MISMATCH: 14 of 15 records made again/);
    expect([code, stdout]).toEqual([3, ""]);
  });

  it("finds a result that is not of its journal", async () => {
    const folder = copyWith("result", 1, () => ({}));
    const file = join(cwd, folder, "result.json");
    const result = JSON.parse(readFileSync(file, "utf8"));
    result.robust[0].worst.mIoU = 0.99;
    const { description } = readRun(join(cwd, folder));
    writeFileSync(file, sealedJson(description, result));
    const { code, stderr } = await verify(folder, "--sample", "1");
    expect(stderr).toMatch(/✗ result\.json .*robust\.0\.worst\.mIoU: 0\.99 stored, 0\.\d+ by the journal/);
    expect(code).toBe(3);
    writeFileSync(file, JSON.stringify({ ...result, clean: { ...result.clean, aAcc: 7 } }));
    const refused = await verify(folder, "--sample", "1");
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/result\.json: clean\.aAcc: /)]);
  });

  it("names a line that was changed by hand, and says of an old run that its lines have no seals", async () => {
    const folder = copyWith("by-hand", 1, () => ({}));
    const file = join(cwd, folder, "journal.jsonl");
    const journal = readFileSync(file, "utf8");
    writeFileSync(file, journal.replace(/"step":\d+/, '"step":1'));
    const refused = await verify(folder);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/journal\.jsonl, line 1: its seal does not fit/),
    ]);

    const description = withoutIdentity(readRun(join(cwd, "runs/a")).description);
    writeFileSync(join(cwd, folder, "run.json"), JSON.stringify(description));
    writeFileSync(file, journal.replaceAll(/,"seal":"\w+"/g, ""));
    const result = join(cwd, folder, "result.json");
    writeFileSync(result, sealedJson(description, JSON.parse(readFileSync(result, "utf8"))));
    const old = await verify(folder, "--sample", "1");
    expect([old.code, old.stderr]).toEqual([0, expect.stringContaining(`! ${unsealedNotice}\n`)]);
    const report = await seawall(["report", folder], { cwd });
    expect([report.code, report.stderr]).toEqual([0, expect.stringContaining(unsealedNotice)]);
  });

  it("names the line of a damaged journal", async () => {
    const { code, stderr } = await verify(copyWith("damaged", 2, ({ valid }) => ({ valid: valid + 1 })));
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/damaged.journal\.jsonl, line 2: labels do not sum/),
    ]);
  });

  it("finds files that moved when it is told where, and refuses others", async () => {
    const moved = await sampleFolder({ images: 3 });
    mkdirSync(join(moved, "elsewhere"));
    for (const name of ["model.onnx", "images", "labels"])
      renameSync(join(moved, name), join(moved, "elsewhere", name));
    const [model, data] = [join(moved, "elsewhere/model.onnx"), "folder:elsewhere/images,elsewhere/labels"];
    const run = join(cwd, "runs/a");
    const told = ["verify", run, "--sample", "2", "--model", model, "--data", data];
    expect((await seawall(told, { cwd: moved })).code).toBe(0);

    const bytes = readFileSync(model);
    writeFileSync(model, Buffer.concat([bytes, Buffer.from([0x12, 0x00])]));
    const other = await seawall(told, { cwd: moved });
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringMatching(/not those of the run:\n {2}model\.sha256/),
    ]);

    writeFileSync(model, bytes);
    for (const i of [0, 1, 2])
      writeFileSync(
        join(moved, `elsewhere/images/photo${i}.png`),
        rgbPng(16, 16, new Uint8Array(768).fill(i)),
      );
    const changed = await seawall(told, { cwd: moved });
    expect([changed.code, changed.stderr]).toEqual([
      2,
      expect.stringMatching(/image "photo\d" is another one/),
    ]);
  });

  it("says where files can be told when they are gone", async () => {
    const folder = copyWith("gone", 1, () => ({}));
    const { code, stderr } = await verify(folder, "--model", "none.onnx");
    expect(code).toBe(2);
    expect(stderr).toMatch(/none\.onnx: no such file.*\n.*--model, --data and --classes say where/);
  });

  it("refuses a run without records, and a sample of none", async () => {
    const folder = copyWith("empty", 1, () => ({}));
    writeFileSync(join(cwd, folder, "journal.jsonl"), "");
    const { code, stderr } = await verify(folder);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`error: ${folder}`)]);
    const none = await verify("runs/a", "--sample", "0");
    expect([none.code, none.stderr]).toEqual([
      2,
      expect.stringMatching(/--sample: expected a whole number of at least 1/),
    ]);
  });
});
