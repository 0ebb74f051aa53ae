/** A run folder as a zip: read as the folder is, and refused by name where it is damaged or hostile. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { afterAll, describe, expect, it } from "vitest";
import { randomStream, SeawallError } from "../../src/base/index.js";
import { packRun, type RunFileContents, runTexts, summarize, unpackRun } from "../../src/journal/index.js";
import { openRun, readRun, withRunFolders, writePicture, writeResult } from "../../src/journal/index.node.js";
import { readReportedRun } from "../../src/report/index.node.js";
import { describeWith, recordsOf } from "./runs.js";

const root = mkdtempSync(join(tmpdir(), "seawall-zip-"));
afterAll(() => rmSync(root, { recursive: true }));

const description = describeWith();
const records = recordsOf(description);
const texts = runTexts(description, records, summarize(description, records));
const webp = new Uint8Array(Buffer.from("RIFF....WEBP", "latin1"));
const whole: RunFileContents = { ...texts, "pictures/0-0.image.webp": webp };

let files = 0;
function place(zip: Uint8Array): string {
  const file = join(root, `run-${files++}.zip`);
  writeFileSync(file, zip);
  return file;
}

const read = (zip: Uint8Array) => withRunFolders([place(zip)], ([dir]) => readReportedRun(dir!));
const bytes = (text: string) => new TextEncoder().encode(text);
const inZip = (entries: Readonly<Record<string, string>>, level: 0 | 6 = 6) =>
  zipSync(Object.fromEntries(Object.entries(entries).map(([name, text]) => [name, bytes(text)])), { level });

describe("the files of a run in memory", () => {
  it("are those that a run folder holds, byte for byte", async () => {
    const dir = join(root, "folder");
    const run = await openRun(dir, description);
    for (const record of records) await run.append(record);
    run.close();
    writeResult(dir, summarize(description, records));
    expect(Object.keys(texts).sort()).toEqual(["journal.jsonl", "result.json", "run.json"]);
    for (const [name, text] of Object.entries(texts))
      expect(text, name).toBe(readFileSync(join(dir, name), "utf8"));
  });
});

describe("a zip of a run", () => {
  it("is read as the folder is, whether it holds the folder or what is in it", async () => {
    const dir = join(root, "plain");
    mkdirSync(dir);
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(dir, name), text);
    writePicture(dir, { index: 0, slot: 0, kind: "image" }, webp);
    const stored = readReportedRun(dir);
    const below = Object.fromEntries(Object.entries(texts).map(([name, text]) => [`first/${name}`, text]));
    for (const zip of [packRun(whole), inZip(below), inZip(below, 0)]) {
      const { picture: _, missing: __, ...content } = await read(zip);
      expect(content).toEqual(expect.objectContaining({ records: stored.records, result: stored.result }));
    }
    const { picture } = await withRunFolders([place(packRun(whole))], async ([dir]) => {
      const run = readReportedRun(dir!);
      return { picture: run.picture({ index: 0, slot: 0, kind: "image" }) };
    });
    expect(new Uint8Array(picture!)).toEqual(webp);
  });

  it("stands beside other runs, and leaves nothing behind", async () => {
    const dirs = await withRunFolders([place(packRun(whole)), join(root, "none")], (dirs) => {
      expect(readRun(dirs[0]!).records).toEqual(records);
      return dirs;
    });
    expect(dirs[0]).toMatch(/run-\d+$/);
    expect(dirs[1]).toBe(join(root, "none"));
    expect(existsSync(dirs[0]!)).toBe(false);
  });

  it("leaves out files that nothing reads, such as perturbed images", () => {
    const names = [
      "perturbed/0-1.npy",
      "report.html",
      "pictures/notes.txt",

      "other/run.txt",
    ];
    const more = Object.fromEntries(names.map((name) => [name, "x"]));
    expect([...unpackRun(inZip({ ...texts, ...more })).keys()].sort()).toEqual(Object.keys(texts).sort());
  });
});

describe("a zip that is no run", () => {
  const refused = async (zip: Uint8Array) => {
    const file = place(zip);
    const error: unknown = await withRunFolders([file], ([dir]) => readReportedRun(dir!)).catch((e) => e);
    expect(error).toBeInstanceOf(SeawallError);
    const { message } = error as SeawallError;
    expect(message.startsWith(`${file}: `), message).toBe(true);
    return message.slice(file.length + 2);
  };

  it.each([
    ["no zip", bytes("this is a text and no archive"), /^not a whole zip file/],
    ["empty", new Uint8Array(), /^not a whole zip file/],
    ["cut off", packRun(whole).slice(0, -100), /^not a whole zip file/],
    ["another zip", inZip({ "a.txt": "a" }), /^a zip without run\.json, so it holds no run/],
    ["two runs", inZip({ "a/run.json": "{}", "b/run.json": "{}" }), /^a zip of several runs .*; unpack it/],
    ["a changed record", inZip(changedJournal()), /^journal\.jsonl, line 2: its seal does not fit/],
  ])("is named: %s", async (_, zip, message) => {
    expect(await refused(zip)).toMatch(message);
  });

  it.each(["../out.txt", "a/../../out.txt", "/out.txt", "C:/out.txt", "..\\out.txt", ".."])(
    "is refused if it would write to %s",
    async (name) => {
      const before = readdirSync(root).length;
      expect(await refused(inZip({ ...texts, [name]: "x" }))).toMatch(
        /^it names a file outside of its folder/,
      );
      expect(readdirSync(root)).toHaveLength(before + 1);
    },
  );

  it("is refused before it fills memory or disk", async () => {
    const zeros = zipSync({ "run.json": new Uint8Array(70 * 2 ** 20), "journal.jsonl": bytes("") });
    expect(zeros.length).toBeLessThan(2 ** 20);
    expect(await refused(zeros)).toMatch(/^run\.json would unpack to 73400320 bytes/);
    // Sizes that the directory does not tell truly: fields of the first entry.
    const patched = (at: number, value: number) => {
      const zip = inZip({ "run.json": "{}", "journal.jsonl": "x".repeat(10_000) });
      const view = new DataView(zip.buffer);
      let entry = zip.length - 22;
      while (view.getUint32(entry, true) !== 0x02014b50) entry--;
      view.setUint32(entry + at, value, true);
      return zip;
    };
    expect(await refused(patched(24, 2 ** 32 - 2))).toMatch(
      /^journal\.jsonl would unpack to 4294967294 bytes/,
    );
    expect(await refused(patched(24, 20_000))).toMatch(/^journal\.jsonl ends beyond the file/);
    expect(await refused(patched(20, 20_000))).toMatch(/^journal\.jsonl is 20000 bytes, which claim/);
    const crowded = inZip(texts);
    new DataView(crowded.buffer).setUint16(crowded.length - 14, 65_535, true);
    expect(await refused(crowded)).toMatch(/^its directory names "" twice/);
  });

  it("is named wherever bytes were changed, or says the same", async () => {
    const stored = (await read(packRun(whole))).records;
    const random = randomStream("zip", 0);
    const zip = packRun(whole);
    let named = 0;
    for (let i = 0; i < 300; i++) {
      const copy = Uint8Array.from(zip);
      const at = Math.floor(random.next() * copy.length);
      copy[at]! ^= 1 << Math.floor(random.next() * 8);
      const outcome = await read(copy).catch((error: unknown) => error);
      if (outcome instanceof SeawallError) named++;
      else expect((outcome as Awaited<ReturnType<typeof read>>).records, `byte ${at}`).toEqual(stored);
    }
    expect(named).toBeGreaterThan(100);
  });
});

function changedJournal(): Record<string, string> {
  const lines = texts["journal.jsonl"]!.split("\n");
  lines[1] = lines[1]!.replace(/"step":\d+/, '"step":77');
  return { ...texts, "journal.jsonl": lines.join("\n") };
}
