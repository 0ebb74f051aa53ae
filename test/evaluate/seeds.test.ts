/** Repeats with other starts: each seed of a run does what a run of that seed alone does. */
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import type { EvaluationInput } from "../../src/evaluate/index.js";
import { runEvaluation, verifyRun } from "../../src/evaluate/index.node.js";
import { bySeed, memberNames, type Result, type RunRecord, sortRecords } from "../../src/journal/index.js";
import { readRun } from "../../src/journal/index.node.js";
import { writeModel } from "../../src/onnx/index.js";
import { accuracyBySeed } from "../../src/report/images.js";
import { htmlReport, readReportedRun } from "../../src/report/index.node.js";
import { folderWith, greyPng } from "../data/pixels.js";
import { tinyModel } from "../helpers/models.js";

const [height, width] = [12, 16];
const attacks = "apgd:cospgd,sharpen:expected-miou,noise";
let root: string;
let whole: Result;

const evaluation = (out: string, more: Partial<EvaluationInput> = {}) =>
  runEvaluation({
    ...{ model: join(root, "model.onnx"), data: `folder:${join(root, "images")}`, labels: "self" },
    ...{ eps: "0.02,0.05", attacks, steps: 6, seed: 5, parallel: 1, out: join(root, out), report: false },
    ...more,
  });

beforeAll(async () => {
  const wave = (from: number) =>
    Array.from({ length: height * width }, (_, i) => ((i + from) * (37 + from)) % 256);
  const files = [0, 1, 2].map((i) => [`images/${i}.png`, greyPng(height, width, wave(i))] as const);
  root = await folderWith({
    "model.onnx": writeModel(tinyModel({ channels: 1 })),
    ...Object.fromEntries(files),
  });
  whole = await evaluation("whole", { seeds: 3 });
});

const plain = ({ seconds: _, ...record }: RunRecord) => record;

function recordsOf(out: string) {
  const { description, records } = readRun(join(root, out));
  return sortRecords(description, records).map(plain);
}

it.each([0, 1, 2])("seed %i of three has the records and figures of a run of its own", async (position) => {
  const seed = 5 + position;
  const single = await evaluation(`seed-${seed}`, { seed });
  const { description } = readRun(join(root, "whole"));
  const names = bySeed(description.protocol, memberNames(description.protocol))[position]!.attacks;
  const own = recordsOf("whole")
    .filter(({ attack }) => attack === "clean" || names.includes(attack))
    .map((record) => ({ ...record, attack: record.attack.replace(/#\d$/, "") }));
  expect(own).toEqual(recordsOf(`seed-${seed}`));
  for (const [i, { worst }] of single.robust.entries()) {
    const { aAcc, mIoU } = worst;
    expect(whole.uncertainty![i]!.seeds!.single[position]).toEqual({ seed, aAcc, mIoU });
  }
});

it("names repeats by their number, and says of which seed they are", () => {
  expect(whole.protocol.members.map(({ name, seed }) => [name, seed])).toEqual([
    ...["apgd:cospgd", "sharpen:expected-miou", "noise"].map((name) => [name, undefined]),
    ...["apgd:cospgd#2", "sharpen:expected-miou#2", "noise#2"].map((name) => [name, 6]),
    ...["apgd:cospgd#3", "sharpen:expected-miou#3", "noise#3"].map((name) => [name, 7]),
  ]);
});

it("starts differ, and the worst case is over all of them", () => {
  const starts = recordsOf("whole").filter(({ attack, eps }) => attack.startsWith("noise") && eps === "0.05");
  expect(new Set(starts.map(({ correct }) => correct)).size).toBeGreaterThan(1);
  for (const [i, { worst }] of whole.robust.entries()) {
    const { single } = whole.uncertainty![i]!.seeds!;
    expect(worst.aAcc).toBeLessThanOrEqual(Math.min(...single.map(({ aAcc }) => aAcc)));
    expect(worst.mIoU).toBeLessThanOrEqual(Math.min(...single.map(({ mIoU }) => mIoU)));
  }
});

it("leaves an attack out together with its repeats", () => {
  for (const { attacks, worst } of whole.robust) {
    expect(attacks.map(({ without }) => without !== undefined)).toEqual([
      ...[true, true, true],
      ...Array.from({ length: 6 }, () => false),
    ]);
    for (const { without } of attacks) {
      if (without) expect(without.aAcc).toBeGreaterThanOrEqual(worst.aAcc);
    }
  }
});

it("is resumed, verified and read back as any run, but not with another number of seeds", async () => {
  expect((await evaluation("whole", { seeds: 3, resume: true })).robust).toEqual(whole.robust);
  await expect(evaluation("whole", { seeds: 2, resume: true })).rejects.toThrow(/protocol\.members/);
  expect(await verifyRun(join(root, "whole"), { sample: 8 })).toMatchObject({ match: true, result: [] });
  const read = readReportedRun(join(root, "whole"));
  expect(read.result.uncertainty).toEqual(whole.uncertainty);
  const { mean, deviation } = whole.uncertainty![1]!.seeds!.mIoU;
  const page = htmlReport(read);
  expect(page).toContain(
    `Other starts: single seeds have ${mean.toFixed(4)} ± ${deviation.toFixed(4)} (mean and standard deviation of 3)`,
  );
  expect(page).toContain("from 3 starts each (seeds 5, 6, 7)");
  const ofFirst = read.records.filter(({ index, eps }) => index === 0 && eps === "0.05");
  expect(accuracyBySeed(read.description, read.images[0]!, "0.05")).toEqual(
    [/^[^#]+$/, /#2$/, /#3$/].map((repeat) =>
      Math.min(...ofFirst.filter(({ attack }) => repeat.test(attack)).map(({ accuracy }) => accuracy!)),
    ),
  );
});
