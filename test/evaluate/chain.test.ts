/** Attacks that go on from others: what they start from follows from the records alone. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { EvaluationInput } from "../../src/evaluate/index.js";
import { type RunEvents, runEvaluation } from "../../src/evaluate/index.node.js";
import { type RunRecord, sortRecords } from "../../src/journal/index.js";
import { mergeRuns, readRun } from "../../src/journal/index.node.js";
import { writeModel } from "../../src/onnx/index.js";
import { folderWith, greyPng } from "../data/pixels.js";
import { tinyModel } from "../helpers/models.js";
import { stopAfter } from "./stopping.js";

const [height, width] = [12, 16];
const images = 4;
const attacks = "apgd:cospgd,sharpen:expected-accuracy,reopen:expected-miou,sharpen:expected-miou";
let root: string;

beforeAll(async () => {
  const wave = (from: number) =>
    Array.from({ length: height * width }, (_, i) => ((i + from) * (37 + from)) % 256);
  const files = Array.from(
    { length: images },
    (_, i) => [`images/${i}.png`, greyPng(height, width, wave(i))] as const,
  );
  root = await folderWith({
    "model.onnx": writeModel(tinyModel({ channels: 1 })),
    "other.onnx": writeModel(tinyModel({ channels: 1, after: (b, logits) => b.op("Neg", [logits]) })),
    ...Object.fromEntries(files),
  });
});

const settings = (out?: string) => ({
  ...{ model: join(root, "model.onnx"), data: `folder:${join(root, "images")}`, labels: "self" as const },
  ...{ eps: "0.05,0.1", attacks, steps: 8, parallel: 1, ...(out && { out: join(root, out) }) },
});

function recordsOf(out: string): Omit<RunRecord, "seconds">[] {
  const { description, records } = readRun(join(root, out));
  return sortRecords(description, records).map(({ seconds: _, ...record }) => record);
}

it("goes on from the best point, and so never ends above it", async () => {
  await runEvaluation(settings("whole"));
  const records = recordsOf("whole");
  for (const { image, attack, eps, correct } of records) {
    if (attack !== "sharpen:expected-accuracy") continue;
    const before = records.find(
      (other) => other.image === image && other.eps === eps && other.attack === "apgd:cospgd",
    )!;
    expect(correct).toBeLessThanOrEqual(before.correct);
  }
  expect(
    records.filter(({ attack, step }) => attack.includes(":expected") && step > 0).length,
  ).toBeGreaterThan(0);
});

it.each([5, 11, 18])(
  "a run stopped after %i records and resumed has the records of one that was not",
  async (after) => {
    await stopAfter(after, settings(`resumed-${after}`));
    await runEvaluation({ ...settings(`resumed-${after}`), resume: true });
    expect(recordsOf(`resumed-${after}`)).toEqual(recordsOf("whole"));
  },
);

it("makes points again that are lost", async () => {
  await stopAfter(14, settings("lost"));
  rmSync(join(root, "lost", "points"), { recursive: true });
  await runEvaluation({ ...settings("lost"), resume: true });
  expect(recordsOf("lost")).toEqual(recordsOf("whole"));
});

it("has the same result without a folder", async () => {
  const { cost: _, ...result } = await runEvaluation(settings());
  const { cost: __, ...stored } = await runEvaluation({ ...settings("whole"), resume: true });
  expect(result).toEqual(stored);
});

it("what does not see the gradient goes on from transferred attacks alone, and never ends above them", async () => {
  const following = ["transfer:apgd:cospgd", "transfer:sharpen:ce", "transfer-search"];
  const run = async (out: string, attacks: readonly string[]) => {
    const surrogate = join(root, "other.onnx");
    await runEvaluation({ ...settings(out), eps: "0.1", surrogate, attacks: attacks.join(",") });
    return recordsOf(out);
  };
  const beside = await run("beside", ["apgd:cospgd", ...following]);
  const leftBy = (name: string) =>
    beside.filter(({ attack }) => attack === name).map(({ correct }) => correct);
  const [own, [first, sharp, searched]] = [leftBy("apgd:cospgd"), following.map(leftBy)];
  expect(own.some((left, i) => left < first![i]!)).toBe(true);
  expect(sharp!.every((left, i) => left <= first![i]!)).toBe(true);
  expect(searched!.every((left, i) => left <= Math.min(first![i]!, sharp![i]!))).toBe(true);
  const alone = await run("alone", following);
  expect(alone).toEqual(beside.filter(({ attack }) => attack !== "apgd:cospgd"));
});

it("refuses to go on from nothing, and a loss for the set where no set is known", async () => {
  const run = (attacks: string, more = {}) => runEvaluation({ ...settings(), attacks, ...more });
  await expect(run("sharpen:ce")).rejects.toThrow(
    /sharpen:ce goes on from the best point .* name one before it/,
  );
  await expect(run("apgd:expected-miou")).rejects.toThrow(/aims at the mIoU of the set/);
});

describe("shards of a run that aims at the whole set", () => {
  const shardName = (index: number) => `shard-${index}`;
  const shard = (index: number, more: Partial<EvaluationInput> = {}) =>
    runEvaluation({ ...settings(shardName(index)), shard: { index, count: 2 }, ...more });
  const goOn = (index: number) => shard(index, { resume: true, after: [join(root, shardName(1 - index))] });

  it("wait for each other, and are the whole run in the end", async () => {
    const aiming = ["reopen:expected-miou", "sharpen:expected-miou"];
    for (const index of [0, 1]) expect((await shard(index)).waiting).toEqual(aiming);
    expect((await goOn(0)).waiting).toEqual(aiming.slice(1));
    expect((await goOn(0)).waiting).toEqual(aiming.slice(1));
    // The first shard has come as far as it can alone, so that the second one need not wait again.
    for (const index of [1, 0]) expect((await goOn(index)).waiting).toBeUndefined();
    await mergeRuns(
      [0, 1].map((index) => join(root, shardName(index))),
      join(root, "merged"),
    );
    expect(recordsOf("merged")).toEqual(recordsOf("whole"));
  });

  it("keep the points of a later radius while they go on at an earlier one", async () => {
    const out = (index: number) => join(root, `kept-${index}`);
    const run = (index: number, more: Partial<EvaluationInput> = {}, events: RunEvents = {}) => {
      const own = {
        attacks: "apgd:cospgd,reopen:expected-miou",
        shard: { index, count: 2 },
        out: out(index),
      };
      return runEvaluation({ ...settings(), ...own, ...more }, events);
    };
    for (const index of [0, 1]) await run(index);
    const points: string[][] = [];
    const onPoint = () => void points.push(readdirSync(join(out(0), "points")).sort());
    await run(0, { resume: true, after: [out(1)] }, { onPoint });
    // Image-slot: the slots of apgd:cospgd are 1 and 3.
    const [first, second] = [
      ["0-1.f32", "2-1.f32"],
      ["0-3.f32", "2-3.f32"],
    ] as const;
    expect(points).toEqual([[...first, ...second].sort(), [...first, ...second].sort(), second, second]);
    expect(existsSync(join(out(0), "points"))).toBe(false);
  });

  it("go on only after shards of the same run", async () => {
    await runEvaluation({ ...settings("other"), steps: 9, shard: { index: 1, count: 2 } });
    const after = [join(root, "other")];
    await expect(shard(0, { out: join(root, "mine"), after })).rejects.toThrow(
      /other: a shard of another run than the run that goes on/,
    );
  });

  it("need a folder, and --after a shard", async () => {
    const mine = { index: 0, count: 2 };
    const run = (more: Partial<EvaluationInput>) => runEvaluation({ ...settings(), ...more });
    await expect(run({ shard: mine })).rejects.toThrow(
      /reopen:expected-miou aims at the mIoU of the whole set, and waits for the other shards; give --out/,
    );
    await expect(run({ after: ["x"] })).rejects.toThrow(/give this one's --shard too/);
  });

  it("may name others although no attack waits for them", async () => {
    const notices: string[] = [];
    const noise = { ...settings(), attacks: "noise" };
    await runEvaluation({ ...noise, out: join(root, "noise"), shard: { index: 1, count: 2 } });
    const mine = { ...noise, shard: { index: 0, count: 2 }, after: [join(root, "noise")] };
    await runEvaluation(mine, { onNotice: (sentence) => notices.push(sentence) });
    expect(notices).toContain("--after: no attack of this run waits for other shards, so it is not needed");
  });
});
