/**
 * Edits of a run's files, by hand or by accident. Each is named with its file, or shown harmless: then reports and resume
 * see the same description, records, figures, checks and gates as before.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { SeawallError } from "../../src/base/index.js";
import { type RunDescription, summarize, withGates } from "../../src/journal/index.js";
import { openRun, readRun, writeResult } from "../../src/journal/index.node.js";
import { readReportedRun } from "../../src/report/index.node.js";
import { describeWith, membersOf, recordsOf } from "./runs.js";

const root = mkdtempSync(join(tmpdir(), "seawall-tampering-"));
afterAll(() => rmSync(root, { recursive: true }));

const gates = ["worst.mIoU@4/255>=0.9"];
const soundness = [{ check: "gradient", status: "fail" as const, detail: "differs" }];

/** The text of each file; undefined for one that is not there. */
interface Files {
  readonly run: string | undefined;
  readonly journal: string | undefined;
  readonly result: string | undefined;
}

const paths = { run: "run.json", journal: "journal.jsonl", result: "result.json" } as const;
let folders = 0;

function place(files: Files): string {
  const dir = mkdtempSync(join(root, `${folders++}-`));
  for (const [file, path] of Object.entries(paths)) {
    const text = files[file as keyof Files];
    if (text !== undefined) writeFileSync(join(dir, path), text);
  }
  return dir;
}

async function filesOf(description: RunDescription): Promise<Files> {
  const dir = mkdtempSync(join(root, "whole-"));
  const run = await openRun(dir, description);
  for (const record of recordsOf(description)) await run.append(record);
  run.close();
  const result = summarize(description, recordsOf(description), { soundness });
  writeResult(dir, withGates(result, gates));
  const [own, journal, stored] = Object.values(paths).map((path) => readFileSync(join(dir, path), "utf8"));
  return { run: own, journal, result: stored };
}

const description = describeWith({ soundness, config: { gate: gates } });
const intact = (await filesOf(description)) as Required<{ [F in keyof Files]: string }>;
const other = await filesOf(describeWith({ soundness, protocol: { seed: 1 } }));
const lines = intact.journal.split(/(?<=\n)/);

/** What a report shows and what a resume would go on from, or the message that refuses the folder. */
async function seen(files: Files): Promise<unknown> {
  const dir = place(files);
  try {
    const { result, records, missing } = readReportedRun(dir);
    const resumed = await openRun(dir, description, { resume: true });
    resumed.close();
    return { description: readRun(dir).description, result, records, missing, found: resumed.found };
  } catch (error) {
    if (error instanceof SeawallError) return error.message.replaceAll(`${dir}/`, "");
    throw error;
  }
}

const sound = await seen(intact);

/** Where a value is, and what it becomes; undefined takes it out. */
type Edit = readonly [path: string, value: unknown];

/** The text of a file of JSON, edited as a person or a program would. */
function edited(text: string, ...edits: readonly Edit[]): string {
  const json = JSON.parse(text);
  for (const [path, value] of edits) {
    const keys = path.split(".");
    const last = keys.pop()!;
    const place = keys.reduce((part, key) => part[key], json);
    expect(place[last], `${path} is edited`).not.toEqual(value ?? "something");
    if (value !== undefined) place[last] = value;
    else if (Array.isArray(place)) place.splice(Number(last), 1);
    else delete place[last];
  }
  return JSON.stringify(json, null, 2);
}

type Change = string | ((text: string) => string | undefined);
const withLine = (n: number, change: (line: string) => string) => lines.with(n, change(lines[n]!)).join("");
const withField = (from: RegExp, to: string) => withLine(2, (line) => line.replace(from, to));

const journal: Record<string, Change> = {
  "a figure": withField(/"pixels":\d+/, '"pixels":25'),
  "an accuracy": withField(/"accuracy":[^,]+/, '"accuracy":0.5'),
  "a radius": withField(/"eps":"4\/255"/, '"eps":"0.03"'),
  "an attack": withField(/"attack":"[^"]+"/, '"attack":"noise"'),
  "an attack that the run has": withField(/"attack":"[^"]+"/, '"attack":"apgd:js"'),
  "an image": withField(/"image":"[^"]+"/, '"image":"else"'),
  "an index": withField(/"index":\d+/, '"index":4'),
  "an index beyond the data": withField(/"index":\d+/, '"index":99'),
  "the hash of an image": withField(/"hash":"\w/, '"hash":"0'),
  "a time": withField(/"seconds":[^,]+/, '"seconds":9'),
  "the passes": withField(/"forward":\d+/, '"forward":9'),
  "a step": withField(/"step":\d+/, '"step":299'),
  "a distance": withField(/"maxDelta":[^,]+/, '"maxDelta":0.001'),
  "a negative count": withField(/"forward":\d+/, '"forward":-1'),
  "a number that is none": withField(/"seconds":[^,]+/, '"seconds":1e999'),
  "a number as text": withField(/"index":(\d+)/, '"index":"$1"'),
  "a field more": withField(/^\{/, '{"more":1,'),
  "a field less": withField(/"step":\d+,/, ""),
  "a field twice": withField(/"index":(\d+)/, '"index":$1,"index":$1'),
  "a prototype": withField(/^\{/, '{"__proto__":{"accuracy":1},'),
  "a letter as its escape": withField(/"image":"i/, '"image":"\\u0069'),
  "a space": withField(/^\{/, "{ "),
  "a seal": withField(/"seal":"\w/, '"seal":"_'),
  "the seal of the line before": withField(/"seal":"\w+"/, /"seal":"\w+"/.exec(lines[1]!)![0]),
  "no seal": withField(/,"seal":"\w+"/, ""),
  "no seals at all": (text) => text.replaceAll(/,"seal":"\w+"/g, ""),
  "two lines in another order": lines.with(2, lines[3]!).with(3, lines[2]!).join(""),
  "all lines in another order": lines.toReversed().join(""),
  "a line twice": lines.toSpliced(3, 0, lines[2]!).join(""),
  "a line less": lines.toSpliced(2, 1).join(""),
  "the first line less": lines.slice(1).join(""),
  "the last line less": lines.slice(0, -1).join(""),
  "half of the lines": lines.slice(0, lines.length / 2).join(""),
  "no lines": "",
  "a line of another run": lines.with(2, other.journal!.split(/(?<=\n)/)[2]!).join(""),
  "all lines of another run": other.journal!,
  "an empty line": lines.toSpliced(2, 0, "\n").join(""),
  "line ends of another system": (text) => text.replaceAll("\n", "\r\n"),
  "a mark of byte order": (text) => `\uFEFF${text}`,
  "two lines in one": withLine(2, (line) => line.trimEnd()),
  "a line in two": withLine(2, (line) => line.replace(",", ",\n")),
  "zero bytes in a line": withLine(2, (line) => line.replace('"image', '"\0image')),
  "an own line": (text) => `${text}${lines[2]!}`,
  "a file that is gone": () => undefined,
};

const run: Record<string, Edit> = {
  "the attacks": ["protocol.attacks", "sea-2023"],
  "an attack less": ["protocol.members", membersOf("apgd:class-balanced-ce", "apgd:mask-ce")],
  "the members": ["protocol.members", membersOf("noise")],
  "the steps of an attack": ["protocol.members.0.steps", 3000],
  "the radius schedule": ["protocol.members.0.radiusSchedule", "constant"],
  "a radius": ["protocol.eps.0", "8/255"],
  "a radius more": ["protocol.eps.2", "16/255"],
  "the accounting": ["protocol.accounting", "authors"],
  "the seed": ["protocol.seed", 7],
  "the hash of the model": ["model.sha256", "0".repeat(64)],
  "the name of the model": ["model.file", "robust.onnx"],
  "the number of classes": ["model.classes", 5],
  "the names of the classes": ["model.classNames", ["a", "b", "c", "d"]],
  "the number of images": ["data.images", 4],
  "the data": ["data.spec", "folder:hard,labels"],
  "the hash of the list": ["data.listSha256", "0".repeat(64)],
  "the labels": ["data.settings.labels", "self"],
  "a shard": ["shard", { index: 0, count: 2 }],
  "a version": ["versions.onnxruntime", "9.9.9"],
  "the device": ["engine.device", "cuda"],
  "a setting that decides": ["config.crop", "7x7"],
  "a gate": ["config.gate", []],
  "what decides": ["decidingSettings", []],
  "the hash of the settings": ["configSha256", "0".repeat(64)],
  "a plugin": ["plugins", [{ name: "my", sha256: "0".repeat(64) }]],
  "the outcome of a check": ["soundness.0.status", "pass"],
  "no checks": ["soundness", []],
  "another identity": ["identity", "0".repeat(16)],
  "no identity": ["identity", undefined],
  "no seal": ["seal", undefined],
  "another seal": ["seal", "0".repeat(16)],
  "another version of the file": ["schemaVersion", 3],
  "an older version of the file": ["schemaVersion", 1],
  "a field more": ["more", 1],
};

const result: Record<string, Edit> = {
  "a clean figure": ["clean.mIoU", 0.99],
  "a worst case": ["robust.0.worst.mIoU", 0.99],
  "the figure of an attack": ["robust.0.attacks.0.aAcc", 0.99],
  "the figure of a class": ["clean.perClassIoU.0", 1],
  "a radius": ["robust.0.eps", "8/255"],
  "a radius less": ["robust.1", undefined],
  "an interval": ["uncertainty", undefined],
  "the number of images": ["data.images", 500],
  "the data": ["data.spec", "folder:hard,labels"],
  "ignored pixels": ["data.ignoredPixels", 0],
  "the model": ["model.file", "robust.onnx"],
  "the protocol": ["protocol.members.0.steps", 3000],
  "the cost": ["cost.backward", 1],
  "the outcome of a check": ["soundness.0.status", "pass"],
  "no checks": ["soundness", []],
  "the outcome of a gate": ["gates.0.passed", true],
  "no gates": ["gates", undefined],
  "a field more": ["more", 1],
  "no seal": ["seal", undefined],
  "another seal": ["seal", "0".repeat(16)],
  "another version of the file": ["schemaVersion", 3],
};

const broken: Record<string, Change> = {
  "nothing in it": "",
  "no JSON": "looks good to me",
  "an end that is cut off": (text) => text.slice(0, -200),
  "text after its end": (text) => `${text}{}`,
  "a list around it": (text) => `[${text}]`,
  "the file of another run": "other",
};

const changeOf = (change: Change, text: string) => (typeof change === "string" ? change : change(text));

describe("journal.jsonl with", () => {
  it.each(Object.entries(journal))("%s is named", async (_, change) => {
    const text = changeOf(change, intact.journal);
    expect(text).not.toBe(intact.journal);
    // A journal that lost its end is that of a run that was interrupted; the result tells.
    expect(await seen({ ...intact, journal: text })).toMatch(/^(journal\.jsonl(, line \d+)?|result\.json): /);
  });
});

describe.each([
  ["run", run],
  ["result", result],
] as const)("%s.json with", (file, edits) => {
  const named = new RegExp(`^${file}\\.json: `);

  it.each(Object.entries<Edit>(edits))("%s is named", async (_, edit) => {
    expect(await seen({ ...intact, [file]: edited(intact[file], edit) })).toMatch(named);
  });

  it.each(Object.entries(broken))("%s is named", async (_, change) => {
    const isOther = change === "other";
    const text = isOther ? other[file] : changeOf(change, intact[file]);
    // All of another run's description fits itself: the journal tells.
    expect(await seen({ ...intact, [file]: text })).toMatch(
      isOther && file === "run" ? /^journal\.jsonl, line 1: / : named,
    );
  });
});

describe("a run that is made to look like one of a version without seals", () => {
  const older = (text: string) => edited(text, ["identity", undefined], ["seal", undefined]);

  it("is named by the seals that are left", async () => {
    expect(await seen({ ...intact, run: older(intact.run) })).toMatch(/^journal\.jsonl, line 1: /);
    const plain = intact.journal.replaceAll(/,"seal":"\w+"/g, "");
    expect(await seen({ ...intact, run: older(intact.run), journal: plain })).toMatch(/^result\.json: /);
  });

  it("without any is said to have none", async () => {
    const plain = withField(/"step":\d+/, '"step":299').replaceAll(/,"seal":"\w+"/g, "");
    const said = await seen({ run: older(intact.run), journal: plain, result: undefined });
    expect(said).toMatchObject({ missing: expect.arrayContaining([expect.stringMatching(/^Seals /)]) });
  });
});

describe("harmless are", () => {
  const reversed = (text: string) =>
    JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text)).reverse()));
  it.each<[string, Partial<Files>]>([
    ["spaces in run.json", { run: JSON.stringify(JSON.parse(intact.run)) }],
    ["another order of its fields", { run: reversed(intact.run) }],
    ["spaces in result.json", { result: `\n${JSON.stringify(JSON.parse(intact.result), null, 7)}  \n` }],
    ["another order of its fields", { result: reversed(intact.result) }],
    ["a last line that a crash tore", { journal: `${intact.journal}{"image":"ph` }],
    [
      "a last line of zero bytes, after a loss of power",
      { journal: `${intact.journal}${"\0".repeat(512)}\n` },
    ],
    ["a last line of words", { journal: `${intact.journal}looks good to me\n` }],
  ])("%s", async (_, change) => {
    expect(await seen({ ...intact, ...change })).toEqual(sound);
  });

  it("a result.json that is gone: figures and failed checks are those of the journal", async () => {
    const { gates: _, ...computed } = (sound as { result: object & { gates: unknown } }).result;
    expect(await seen({ ...intact, result: undefined })).toMatchObject({
      result: { ...computed, soundness },
    });
  });
});
