import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatJson } from "../../src/base/index.js";
import { type RunDescription, type RunRecord, type Soundness, summarize } from "../../src/journal/index.js";
import { mergeRuns, mergeThen, openRun, readRun } from "../../src/journal/index.node.js";
import { describeWith, recordsOf, temporaryFolder } from "./runs.js";

const run = describeWith();
const records = recordsOf(run);

function shardOf(
  index: number,
  count: number,
  change: Parameters<typeof describeWith>[0] = {},
  soundness: Soundness[] = [],
): RunDescription {
  const shard = { index, count };
  return describeWith({ ...change, shard, config: { shard }, soundness });
}

async function write(
  dir: string,
  description: RunDescription,
  list = recordsOf(description),
): Promise<string> {
  const open = await openRun(dir, description);
  for (const record of list) await open.append(record);
  open.close();
  return dir;
}

describe("merged shards", () => {
  it("are the run in one piece, byte for byte", async () => {
    const whole = await write(join(temporaryFolder(), "whole"), run);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 1000 })),
        async (count, order) => {
          const folder = temporaryFolder();
          const dirs: string[] = [];
          for (let index = 0; index < count; index++) {
            const shard = shardOf(index, count);
            const shuffled = shuffle(recordsOf(shard), order);
            dirs.push(await write(join(folder, `${index}`), shard, shuffled));
          }
          const out = join(folder, "merged");
          const merged = await mergeRuns(shuffle(dirs, order), out);
          expect(merged).toEqual({ description: run, records, warnings: [] });
          expect(readdirSync(out).sort()).toEqual(["journal.jsonl", "run.json"]);
          for (const file of ["run.json", "journal.jsonl"]) {
            expect(readFileSync(join(out, file), "utf8")).toBe(readFileSync(join(whole, file), "utf8"));
          }
          expect(formatJson(summarize(run, readRun(out).records))).toBe(formatJson(summarize(run, records)));
        },
      ),
      { numRuns: 8 },
    );
  });

  it("may have been divided by cost; together they must have every image once", async () => {
    const folder = temporaryFolder();
    const shardWith = async (index: number, images?: number[]) => {
      const shard = { index, count: 2, ...(images && { images }) };
      const dir = join(folder, `${index} of ${images}`);
      return write(dir, describeWith({ shard, config: { shard } }));
    };
    const [most, rest] = [await shardWith(0, [0, 1, 4]), await shardWith(1, [2, 3])];
    const merged = await mergeRuns([rest, most], join(folder, "out"));
    expect(merged).toEqual({ description: run, records, warnings: [] });
    const merging = (...dirs: string[]) => mergeRuns(dirs, join(folder, "refused"));
    await expect(merging(most, await shardWith(1, [1, 2, 3]))).rejects.toThrow(
      /image 1 is in this shard and in .*0 of 0,1,4; the shards were not divided alike/,
    );
    await expect(merging(most, await shardWith(1, [3]))).rejects.toThrow(/1 of 5 images are in no shard/);
    await expect(merging(most, await shardWith(1))).rejects.toThrow(/image 1 is in this shard and in/);
    await expect(merging(await shardWith(0), rest)).rejects.toThrow(/image 2 is in this shard and in/);
  });

  it("may have run on different machines, which is said", async () => {
    const folder = temporaryFolder();
    const dirs = [
      await write(join(folder, "a"), shardOf(0, 2)),
      await write(join(folder, "b"), shardOf(1, 2, { engine: { device: "cuda" } })),
    ];
    const { warnings } = await mergeRuns(dirs, join(folder, "out"));
    expect(warnings).toEqual([expect.stringContaining('engine.device: "cpu" stored, "cuda" now')]);
  });
});

it("a check that failed on one shard has failed", async () => {
  const folder = temporaryFolder();
  const outcome = (status: "pass" | "warn" | "fail", detail: string) => ({
    check: "gradient",
    status,
    detail,
  });
  const other = { check: "folding", status: "pass" as const, detail: "0" };
  const dirs = [
    await write(join(folder, "a"), shardOf(0, 3, {}, [outcome("pass", "a")])),
    await write(join(folder, "b"), shardOf(1, 3, {}, [other, outcome("fail", "b")])),
    await write(join(folder, "c"), shardOf(2, 3, {}, [outcome("warn", "c")])),
  ];
  const { description, warnings } = await mergeRuns(dirs, join(folder, "out"));
  expect(description.soundness).toEqual([outcome("fail", "b"), other]);
  expect(warnings).toContainEqual(expect.stringContaining('soundness.gradient: "pass" stored, "fail" now'));
});

describe("mergeRuns refuses", () => {
  const shards = async (...descriptions: RunDescription[]) => {
    const folder = temporaryFolder();
    const dirs: string[] = [];
    for (const [i, description] of descriptions.entries()) {
      dirs.push(await write(join(folder, `${i}`), description));
    }
    return { dirs, out: join(folder, "out") };
  };

  it.each([
    [[], "no folder to merge"],
    [[run], "not a shard but a whole run"],
    [[shardOf(0, 3), shardOf(2, 3)], "shard 2/3 is missing; name the folders of all"],
    [[shardOf(0, 2), shardOf(0, 2)], "shard 1/2, as is"],
    [[shardOf(0, 2), shardOf(1, 3)], "one of 3 shards, but"],
    [[shardOf(0, 2), shardOf(1, 2, { protocol: { seed: 1 } })], "protocol.seed: 0 stored, 1 now"],
    [[shardOf(0, 2), shardOf(1, 2, { data: { images: 6 } })], "data.images: 5 stored, 6 now"],
  ])("wrong sets of shards (%#)", async (descriptions, message) => {
    const { dirs, out } = await shards(...descriptions);
    await expect(mergeRuns(dirs, out)).rejects.toThrow(message);
    await expect(mergeRuns(dirs, out)).rejects.toThrow(expect.objectContaining({ code: "usage" }));
  });

  it("a shard that is not finished", async () => {
    const folder = temporaryFolder();
    const dirs = [
      await write(join(folder, "a"), shardOf(0, 2)),
      await write(join(folder, "b"), shardOf(1, 2), recordsOf(shardOf(1, 2)).slice(0, -1)),
    ];
    await expect(mergeRuns(dirs, join(folder, "out"))).rejects.toThrow(
      `${join(folder, "b")}: the shard is not complete: 1 of 14 records are missing (the first: image 3, apgd:js at radius 0.03); resume it first`,
    );
  });

  it("a folder that holds something", async () => {
    const { dirs, out } = await shards(shardOf(0, 1));
    await mergeRuns(dirs, out);
    writeFileSync(join(out, "note"), "x");
    await expect(mergeRuns(dirs, out)).rejects.toThrow("the folder is not empty");
  });

  it("no merge that was interrupted: it begins anew, and the folder is no run until then", async () => {
    const { dirs, out } = await shards(shardOf(0, 1));
    const alone = `${out}-alone`;
    await mergeRuns(dirs, alone);
    const interrupted = mergeThen(dirs, out, () => {
      writeFileSync(join(out, "result.json"), "not of these shards");
      throw new Error("interrupted");
    });
    await expect(interrupted).rejects.toThrow("interrupted");
    rmSync(join(out, "run.json"));
    expect(() => readRun(out)).toThrow("run.json");
    await mergeRuns(dirs, out);
    expect(readdirSync(out)).toEqual(readdirSync(alone));
    expect(readFileSync(join(out, "journal.jsonl"))).toEqual(readFileSync(join(alone, "journal.jsonl")));
  });
});

function shuffle<T extends RunRecord | string>(list: readonly T[], order: Iterable<number>): T[] {
  const keys = order[Symbol.iterator]();
  return list
    .map((item) => ({ item, key: keys.next().value as number }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
