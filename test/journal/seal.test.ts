/** Lines that were changed, moved, added or removed are named wherever a journal is read; old journals have no seals. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type RunDescription, type RunRecord, unsealedNotice } from "../../src/journal/index.js";
import { mergeRuns, openRun, readOtherShards, readRun } from "../../src/journal/index.node.js";
import { readReportedRun } from "../../src/report/index.node.js";
import {
  describeWith,
  journalText,
  recordsOf,
  sealedJson,
  temporaryFolder,
  withoutIdentity,
} from "./runs.js";

const shardOf = (index: number, change: Parameters<typeof describeWith>[0] = {}) =>
  describeWith({ ...change, shard: { index, count: 2 } });
const [run, second] = [shardOf(0), shardOf(1)];
const records = recordsOf(run);

function written(description: RunDescription, text: string): string {
  const dir = temporaryFolder();
  writeFileSync(join(dir, "run.json"), sealedJson(description, description));
  writeFileSync(join(dir, "journal.jsonl"), text);
  return dir;
}

const lines = journalText(run, records).split(/(?<=\n)/);
const journalOf = (dir: string) => readFileSync(join(dir, "journal.jsonl"), "utf8");
const otherLines = journalText(shardOf(0, { protocol: { seed: 1 } }), records).split(/(?<=\n)/);
const with2 = (line: string) => lines.with(2, line);

const broken: [string, number, readonly string[], string][] = [
  ["of another run", 3, with2(otherLines[2]!), "its seal does not fit"],
  ["of another run, as the first", 1, lines.with(0, otherLines[0]!), "its seal does not fit"],
  [
    "of another shard",
    3,
    with2(journalText(second, recordsOf(second)).split(/(?<=\n)/)[2]!),
    "its seal does",
  ],
  ["swapped with the next", 3, lines.with(2, lines[3]!).with(3, lines[2]!), "its seal does not fit"],
  ["deleted", 3, lines.toSpliced(2, 1), "its seal does not fit"],
  ["with an edited figure", 3, with2(lines[2]!.replace(/"step":\d+/, '"step":299')), "its seal does not fit"],
  ["with an edited seal", 3, with2(lines[2]!.replace(/"seal":"\w{8}/, '"seal":"00000000')), "its seal does"],
  ["with a space more", 3, with2(lines[2]!.replace("{", "{ ")), "its seal does not fit"],
  ["twice", 4, lines.toSpliced(3, 0, lines[2]!), "its seal does not fit"],
  ["that lost its seal", 3, with2(`${JSON.stringify(records[2])}\n`), "no seal, which every line"],
  [
    "appended by hand",
    3,
    [...lines.slice(0, 2), `${JSON.stringify(records[2])}\n`],
    "no seal, which every line of this run has",
  ],
  ["appended with a seal of its own", 3, [...lines.slice(0, 2), lines[5]!], "its seal does not fit"],
];

describe.each(broken)("a line %s", (_, number, text, message) => {
  const where = new RegExp(
    `journal\\.jsonl, line ${number}: ${message}.*restore the file, or delete this line`,
  );

  // `verify`, `compare` and `view` read by readRun, too.
  it("is named on reading, resume, report, merge and by the shard that waits for it", async () => {
    const dir = written(run, text.join(""));
    const other = written(second, journalText(second, recordsOf(second)));
    expect(() => readRun(dir)).toThrow(where);
    expect(() => readReportedRun(dir)).toThrow(where);
    await expect(openRun(dir, run, { resume: true })).rejects.toThrow(where);
    await expect(mergeRuns([other, dir], join(temporaryFolder(), "out"))).rejects.toThrow(where);
    expect(() => readOtherShards([dir], second)).toThrow(where);
    expect(journalOf(dir), "and stays as it is").toBe(text.join(""));
  });

  it("is mended as the message says", async () => {
    const dir = written(run, text.slice(0, number - 1).join(""));
    const open = await openRun(dir, run, { resume: true });
    for (const record of records) if (!open.has(record)) await open.append(record);
    open.close();
    expect(journalOf(dir)).toBe(lines.join(""));
  });
});

describe("run.json", () => {
  it("whose deciding facts were changed is named", () => {
    const changed = { ...run, protocol: { ...run.protocol, seed: 7 } };
    expect(() => readRun(written(changed, lines.join("")))).toThrow(
      /run\.json: identity: does not fit the rest of the file/,
    );
  });

  it("without its identity is named by the seals", () => {
    expect(() => readRun(written(withoutIdentity(run), lines.join("")))).toThrow(
      /journal\.jsonl, line 1: sealed, but run\.json names no identity.*restore run\.json/,
    );
  });

  it("has the same identity wherever and however the run is made, and another one for each run and shard", () => {
    const same = describeWith({
      ...{ shard: { index: 0, count: 2 }, engine: { device: "cuda" }, versions: { node: "26" } },
      ...{ model: { file: "elsewhere.onnx" }, data: { spec: "folder:b" }, config: { out: "runs/other" } },
    });
    expect(same.identity).toBe(run.identity);
    const others = [
      second,
      describeWith(),
      shardOf(0, { protocol: { seed: 1 } }),
      shardOf(0, { config: { crop: "9x9" } }),
    ];
    expect(new Set([run, ...others].map(({ identity }) => identity)).size).toBe(5);
  });
});

describe("a journal without seals", () => {
  const old = withoutIdentity(run);
  const plain = (list: readonly RunRecord[]) => list.map((record) => `${JSON.stringify(record)}\n`).join("");

  it("is read, resumed without seals to its end, and said to have none", async () => {
    const dir = written(old, plain(records.slice(0, 9)));
    expect(readRun(dir)).toEqual({ description: old, records: records.slice(0, 9) });
    expect(readReportedRun(dir).missing).toContainEqual(expect.stringContaining(unsealedNotice));
    const open = await openRun(dir, run, { resume: true });
    expect(open.warnings).toEqual([expect.stringContaining(unsealedNotice)]);
    for (const record of records) if (!open.has(record)) await open.append(record);
    open.close();
    expect(journalOf(dir)).toBe(plain(records));
  });

  it("makes the merged run one without seals, which is said; sealed ones are sealed anew", async () => {
    const other = written(second, journalText(second, recordsOf(second)));
    const mixed = join(temporaryFolder(), "mixed");
    const { description, warnings } = await mergeRuns([written(old, plain(records)), other], mixed);
    expect([description.identity, warnings]).toEqual([undefined, [expect.stringContaining(unsealedNotice)]]);
    expect(readRun(mixed).records).toHaveLength(35);

    const out = join(temporaryFolder(), "sealed");
    const merged = await mergeRuns([written(run, lines.join("")), other], out);
    expect(merged.warnings).toEqual([]);
    expect(journalOf(out)).toBe(journalText(merged.description, merged.records));
    expect(merged.description.identity).not.toBe(run.identity);
  });
});
