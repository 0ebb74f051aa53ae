import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatJson } from "../../src/base/index.js";
import { type RunDescription, type RunRecord, summarize } from "../../src/journal/index.js";
import { openRun, type Run, readResult, readRun, writeResult } from "../../src/journal/index.node.js";
import {
  describeWith,
  journalText,
  membersOf,
  recordFor,
  recordsOf,
  sealedJson,
  temporaryFolder,
} from "./runs.js";

const run = describeWith();
const records = recordsOf(run);
const journalOf = (dir: string) => join(dir, "journal.jsonl");
const linesOf = (list: readonly RunRecord[]) => journalText(run, list);

/** A folder with these records, closed. */
async function writtenRun(list: readonly RunRecord[], description: RunDescription = run): Promise<string> {
  const dir = join(temporaryFolder(), "run");
  const open = await openRun(dir, description);
  for (const record of list) await open.append(record);
  open.close();
  return dir;
}

/** Does every record that is not there yet, as an evaluation does. */
async function finish(open: Run): Promise<void> {
  for (const record of records) if (!open.has(record)) await open.append(record);
}

describe("a new run", () => {
  it("writes run.json and one line per record, which are read back", async () => {
    const dir = await writtenRun(records);
    expect(readdirSync(dir).sort()).toEqual(["journal.jsonl", "run.json"]);
    expect(readFileSync(join(dir, "run.json"), "utf8")).toBe(sealedJson(run, run));
    expect(readFileSync(journalOf(dir), "utf8")).toBe(linesOf(records));
    expect(readRun(dir)).toEqual({ description: run, records });
  });

  it("has each record on disk when append returns", async () => {
    const dir = temporaryFolder();
    const open = await openRun(dir, run);
    await open.append(records[0]!);
    expect(readFileSync(journalOf(dir), "utf8")).toBe(linesOf(records.slice(0, 1)));
    expect(await open.records()).toEqual(records.slice(0, 1));
    open.close();
  });

  it("keeps appends apart that are not awaited", async () => {
    const dir = temporaryFolder();
    const open = await openRun(dir, run);
    await Promise.all(records.map((record) => open.append(record)));
    open.close();
    expect(readRun(dir).records).toEqual(records);
  });

  it("refuses a folder with content, and leaves it as it is", async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, "photo.jpg"), "x");
    await expect(openRun(dir, run)).rejects.toThrow("the folder is not empty (photo.jpg); it holds no run");
    await expect(openRun(dir, run, { resume: true })).rejects.toThrow("it holds no run; use another --out");
    expect(readdirSync(dir)).toEqual(["photo.jpg"]);
  });

  it("refuses the folder of a run without resume", async () => {
    const dir = await writtenRun([]);
    await expect(openRun(dir, run)).rejects.toThrow("add --resume to continue the run in it");
  });

  it("refuses a path that is no folder", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "x");
    await expect(openRun(file, run)).rejects.toThrow(expect.objectContaining({ code: "journal" }));
  });

  it("begins in an empty folder also with resume, and after a crash before its first file was whole", async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, "run.json.123.seawall-tmp"), '{"half');
    for (const resume of [true, true]) (await openRun(dir, run, { resume })).close();
    expect(readRun(dir)).toEqual({ description: run, records: [] });
  });

  it("takes away what a process that died amid a picture or a trace has left", async () => {
    const dir = await writtenRun([]);
    for (const folder of ["pictures", "traces"]) mkdirSync(join(dir, folder));
    const [whole, half] = ["pictures/0-0.image.webp", "pictures/0-0.label.webp.123.seawall-tmp"];
    for (const file of [whole, half, "traces/0-1.json.123.seawall-tmp"])
      writeFileSync(join(dir, file), "RIFF");
    (await openRun(dir, run, { resume: true })).close();
    expect(readdirSync(join(dir, "pictures"))).toEqual(["0-0.image.webp"]);
    expect(readdirSync(join(dir, "traces"))).toEqual([]);
  });

  it("does not take what our own code got wrong", async () => {
    const open = await openRun(temporaryFolder(), run);
    await expect(open.append({ ...records[0]!, accuracy: Number.NaN })).rejects.toThrow("internal: ");
    await open.append(records[0]!);
    await expect(open.append(records[0]!)).rejects.toThrow("is already in the journal");
    open.close();
  });
});

describe("resume", () => {
  it("knows what is done, and of which content", async () => {
    const dir = await writtenRun(records.slice(0, 4));
    const open = await openRun(dir, run, { resume: true });
    expect(open).toMatchObject({ found: 4, warnings: [], description: run });
    expect(records.map((record) => open.has(record))).toEqual(records.map((_, i) => i < 4));
    expect(() => open.has({ ...records[0]!, hash: "other" })).toThrow(
      'image "image-0" has changed since this run began',
    );
    open.close();
  });

  it("from a file cut at any byte ends in the same journal and the same result", async () => {
    const whole = formatJson(summarize(run, records));
    const bytes = Buffer.from(linesOf(records));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length }), fc.boolean(), async (cut, twice) => {
        const dir = await writtenRun([]);
        writeFileSync(journalOf(dir), bytes.subarray(0, cut));
        if (twice) (await openRun(dir, run, { resume: true })).close();
        const open = await openRun(dir, run, { resume: true });
        const kept = await open.records();
        expect(kept).toEqual(records.slice(0, kept.length));
        expect(linesOf(records.slice(0, kept.length + 1)).length).toBeGreaterThanOrEqual(cut);
        await finish(open);
        open.close();
        expect(readFileSync(journalOf(dir)).equals(bytes)).toBe(true);
        expect(formatJson(summarize(run, readRun(dir).records))).toBe(whole);
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ["without a newline", linesOf(records.slice(2, 3)).slice(0, -1)],
    ["half written", linesOf(records.slice(2, 3)).slice(0, 50)],
    ["that is no JSON", "\0\0\0\0\n"],
    ["of zeros, as a power failure leaves it", "\0".repeat(500)],
  ])("drops a last line %s, and says so", async (_, tail) => {
    const dir = await writtenRun(records.slice(0, 2));
    writeFileSync(journalOf(dir), linesOf(records.slice(0, 2)) + tail);
    expect(readRun(dir).records).toEqual(records.slice(0, 2));
    expect(statSync(journalOf(dir)).size, "reading changes nothing").toBe(
      linesOf(records.slice(0, 2)).length + tail.length,
    );
    const open = await openRun(dir, run, { resume: true });
    expect(open.warnings).toEqual([
      expect.stringContaining(`dropped a torn last line of ${tail.length} bytes`),
    ]);
    await open.append(records[2]!);
    open.close();
    expect(readFileSync(journalOf(dir), "utf8")).toBe(linesOf(records.slice(0, 3)));
  });

  it("refuses two records of the same image, attack and radius that say different things, naming both lines", async () => {
    const dir = await writtenRun([]);
    const other = { ...records[0]!, step: records[0]!.step + 1 };
    writeFileSync(journalOf(dir), linesOf([records[0]!, records[1]!, other]));
    const attempt = openRun(dir, run, { resume: true });
    await expect(attempt).rejects.toThrow(
      /journal\.jsonl, line 3: another record of image .* than in line 1; delete/,
    );
  });

  it("keeps the first of records with the same key", async () => {
    const dir = await writtenRun([]);
    const again = { ...records[0]!, seconds: 77 };
    writeFileSync(journalOf(dir), linesOf([records[0]!, again, records[1]!]));
    const open = await openRun(dir, run, { resume: true });
    expect(open.found).toBe(2);
    expect(await open.records()).toEqual(records.slice(0, 2));
    open.close();
  });

  it("refuses another run, naming every difference", async () => {
    const dir = await writtenRun(records.slice(0, 1));
    const other = describeWith({ protocol: { accounting: "authors", seed: 3 }, config: { crop: "9x9" } });
    const attempt = openRun(dir, other, { resume: true });
    await expect(attempt).rejects.toThrow(
      `${dir}: cannot resume, the run in it is another one:\n` +
        '  protocol.accounting: "strict" stored, "authors" now\n  protocol.seed: 0 stored, 3 now\n' +
        '  config.crop: "6x6" stored, "9x9" now\n',
    );
    expect(readdirSync(dir)).not.toContain("run.lock");
  });

  it("warns of another engine, and keeps the stored description", async () => {
    const dir = await writtenRun(records.slice(0, 1));
    const other = describeWith({ engine: { device: "cuda", parallel: 16 } });
    const open = await openRun(dir, other, { resume: true });
    expect(open.warnings).toEqual([
      expect.stringContaining('engine.device: "cpu" stored, "cuda" now'),
      expect.stringContaining("engine.parallel: 2 stored, 16 now"),
    ]);
    expect(open.description).toEqual(run);
    open.close();
  });
});

describe("a damaged or hostile folder", () => {
  const line = (change: object) => JSON.stringify({ ...records[0]!, ...change });

  it.each([
    ["not JSON", "nonsense", "not JSON, and not the last line"],
    ["an empty line", "", "not JSON, and not the last line"],
    ["another value", "null", "no seal, which every line of this run has"],
    ["a number that is not finite", line({}).replace(/"seconds":[^,]*/, '"seconds":1e999'), "seconds"],
    ["a negative count", line({ forward: -1 }), "forward"],
    ["half a pixel", line({ step: 0.5 }), "step"],
    ["counts that do not add up", line({ correct: 0 }), "intersection does not sum to correct"],
    ["more hits than labels", line({ labels: [0, 0, 0, 0] }), "intersection ≤ labels ≤ union"],
    ["more labels than pixels", line({ pixels: 1 }), "labelled of 1 pixels"],
    [
      "other classes",
      line({ intersection: [], union: [], labels: [], correct: 0, valid: 0, accuracy: null }),
      "0 classes",
    ],
    ["a wrong accuracy", line({ accuracy: 0.5 }), "accuracy is not correct / valid"],
    ["an unknown field", line({ extra: 1 }), 'Unrecognized key: "extra"'],
    ["a polluting field", line({}).replace("{", '{"__proto__":{"valid":1},'), "__proto__"],
    ["an attack of another run", line({ attack: "pgd:ce" }), 'no attack "pgd:ce"'],
    ["an image beyond the list", line({ index: 5 }), "image 5; the run has images 0 to 4"],
    ["a perturbation out of the ball", line({ maxDelta: 0.5 }), "maxDelta 0.5 is above 0"],
    ["deep nesting", `{"image":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, "image"],
  ])("with %s in the middle is an error with file and line", async (_, middle, message) => {
    const dir = await writtenRun([]);
    const text = journalText(run, [...records.slice(1, 3), middle, ...records.slice(3, 5)]);
    writeFileSync(journalOf(dir), text);
    const failure = expect.objectContaining({
      code: "journal",
      message: expect.stringMatching(/journal\.jsonl, line 3: /) as string,
    });
    expect(() => readRun(dir)).toThrow(failure);
    expect(() => readRun(dir)).toThrow(message);
    await expect(openRun(dir, run, { resume: true })).rejects.toThrow(message);
    expect(readFileSync(journalOf(dir), "utf8"), "nothing is repaired that was not torn").toBe(text);
    expect(readdirSync(dir)).not.toContain("run.lock");
  });

  it("with an endless line is refused before it fills the memory", async () => {
    const dir = await writtenRun([]);
    writeFileSync(journalOf(dir), Buffer.alloc(12 * 2 ** 20, "["));
    expect(() => readRun(dir)).toThrow(/journal\.jsonl, line 1: longer than 4194304 bytes/);
  });

  it.each([
    ["{", "not JSON"],
    ["{}", "schemaVersion"],
    [formatJson({ ...run, schemaVersion: 3 }), "written by another version of Seawall"],
    [
      formatJson({ ...run, config: { ...run.config, crop: "7x7" } }),
      "configSha256: does not fit the configuration",
    ],
    [formatJson({ ...run, shard: { index: 0, count: 1e12 } }), "shard.count"],
    [`{"config":{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}}`, "nested too deeply"],
  ])("with a wrong run.json is refused (%#)", async (text, message) => {
    const dir = await writtenRun([]);
    writeFileSync(join(dir, "run.json"), text);
    expect(() => readRun(dir)).toThrow(message);
    expect(() => readRun(dir)).toThrow(/run\.json: /);
    await expect(openRun(dir, run, { resume: true })).rejects.toThrow(message);
  });

  it("that is not there is named", () => {
    expect(() => readRun("/no/such/run")).toThrow("/no/such/run/run.json: cannot be read (ENOENT");
  });
});

describe("result.json", () => {
  it("is written as a whole and read back", async () => {
    const dir = await writtenRun(records);
    const result = summarize(run, records);
    writeResult(dir, result);
    writeResult(dir, result);
    expect(readFileSync(join(dir, "result.json"), "utf8")).toBe(sealedJson(run, result));
    expect(readResult(dir)).toEqual(result);
    expect(readdirSync(dir).sort()).toEqual(["journal.jsonl", "result.json", "run.json"]);
  });

  it("may have fields of a later version, but no other shape", async () => {
    const dir = await writtenRun(records);
    const result = summarize(run, records);
    writeFileSync(join(dir, "result.json"), sealedJson(run, { ...result, later: 1 }));
    expect(readResult(dir)).toEqual(result);
    writeFileSync(join(dir, "result.json"), formatJson({ ...result, clean: { ...result.clean, mIoU: 1.5 } }));
    expect(() => readResult(dir)).toThrow(/result\.json: clean\.mIoU/);
  });
});

it("a result of one attack and one radius needs no more than that", async () => {
  const small = describeWith({
    protocol: { attacks: "noise", members: membersOf("noise"), eps: ["0"] },
    data: { images: 1 },
  });
  const list = [recordFor(small, 0, "0", "clean"), { ...recordFor(small, 0, "0", "noise"), maxDelta: 0 }];
  const dir = await writtenRun(list, small);
  expect(summarize(small, readRun(dir).records).robust[0]!.worst.mIoU).toBeGreaterThan(0);
});
