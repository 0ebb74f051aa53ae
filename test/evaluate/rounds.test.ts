/** Rounds of a run with an adaptive budget: who gets steps follows from the records alone. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { encode } from "fast-png";
import { beforeAll, describe, expect, it } from "vitest";
import { randomStream } from "../../src/base/index.js";
import type { EvaluationInput } from "../../src/evaluate/index.js";
import { planEvaluation, runEvaluation, verifyRun } from "../../src/evaluate/index.node.js";
import { isLast, stepsAfter } from "../../src/evaluate/rounds.js";
import type { Result, RunRecord } from "../../src/journal/index.js";
import { sortRecords } from "../../src/journal/index.js";
import { mergeRuns, readRun } from "../../src/journal/index.node.js";
import { writeModel } from "../../src/onnx/index.js";
import { resultLines } from "../../src/report/index.js";
import { folderWith } from "../data/pixels.js";
import { tinyModel } from "../helpers/models.js";
import { stopAfter } from "./stopping.js";

/** Records of one attack on images of ten pixels, by their right pixels. */
const attack = (...correct: number[]) =>
  correct.map(
    (right) =>
      ({
        ...{ correct: right, valid: 10, accuracy: right / 10 },
        ...{ intersection: [right], union: [20 - right], labels: [10] },
      }) as unknown as RunRecord,
  );

describe("the steps of a round", () => {
  const stepsIn = (before: RunRecord[], last: RunRecord[][], steps = before.map(() => 12)) =>
    stepsAfter([before], last, steps, 12, 0.2);

  it("of images that have converged go to those that still fall", () => {
    expect(stepsIn(attack(9, 9, 9, 9), [attack(9, 8, 6, 7)])).toEqual([0, 0, 24, 24]);
    expect(stepsIn(attack(9, 9, 9, 9), [attack(9, 8, 8, 9), attack(6, 9, 7, 9)])).toEqual([24, 0, 24, 0]);
  });

  it("are together no more than without, and on one image at most four times as many", () => {
    expect(stepsIn(attack(9, 9, 9, 9, 9), [attack(7, 7, 7, 9, 9)])).toEqual([20, 20, 20, 0, 0]);
    expect(stepsIn(attack(9, 9, 9, 9, 9, 9, 9, 9), [attack(1, 9, 9, 9, 9, 9, 9, 9)])).toEqual([
      48, 0, 0, 0, 0, 0, 0, 0,
    ]);
  });

  it("stay with all if no image falls, and never come back to one that made no step", () => {
    expect(stepsIn(attack(9, 9), [attack(9, 8)])).toEqual([12, 12]);
    expect(stepsIn(attack(9, 9, 9), [attack(9, 5, 5)], [0, 0, 36])).toEqual([0, 0, 36]);
  });
});

it("a round is the last if it gains too little in accuracy and in mIoU", () => {
  const before = [attack(9, 9)];
  expect(isLast(before, [attack(9, 8)], 0.06, 0)).toBe(false); // mIoU falls by more than aAcc
  expect(isLast(before, [attack(9, 8)], 0.04, 0)).toBe(false);
  expect(isLast(before, [attack(9, 8)], 0.2, 0)).toBe(true);
  expect(isLast(before, [attack(9, 9)], 1e-9, 0)).toBe(true);
});

const [height, width, images] = [12, 16, 4];
const everyImage = Array.from({ length: images }, (_, index) => index);
let root: string;
let whole: Result;

const settings = (more: Partial<EvaluationInput> = {}) => ({
  ...{ model: join(root, "model.onnx"), data: `folder:${join(root, "images")}`, labels: "self" as const },
  // At these radii some images converge before the others; four rounds fit.
  ...{ eps: "32/255,48/255", attacks: "apgd:ce", steps: "auto:0.1", maxSteps: 5 * 60, parallel: 1 },
  ...more,
});
const evaluation = (out: string, more: Partial<EvaluationInput> = {}) =>
  runEvaluation(settings({ out: join(root, out), ...more }));

beforeAll(async () => {
  const noise = (seed: number) =>
    Uint8Array.from(randomStream("rounds", seed).uniform(3 * width * height, 0, 256));
  const files = everyImage.map(
    (i) => [`images/${i}.png`, encode({ width, height, data: noise(i), channels: 3 })] as const,
  );
  root = await folderWith({
    "model.onnx": writeModel(tinyModel()),
    ...Object.fromEntries(files),
  });
  whole = await evaluation("whole");
}, 60_000);

function recordsOf(out: string) {
  const { description, records } = readRun(join(root, out));
  return sortRecords(description, records).map(({ seconds: _, ...record }) => record);
}

describe("a run with rounds", () => {
  it("gives a round no more steps than the mean of its images, and repeats the best record where it gives none", () => {
    const records = recordsOf("whole");
    const { protocol } = readRun(join(root, "whole")).description;
    let idle = 0;
    for (const eps of protocol.eps) {
      for (const [i, { name, steps, round }] of protocol.members.entries()) {
        const own = records.filter((record) => record.attack === name && record.eps === eps);
        if (round === undefined) continue;
        expect(own.reduce((sum, record) => sum + record.steps!, 0)).toBeLessThanOrEqual(steps * images);
        for (const record of own.filter((one) => one.steps === 0)) {
          idle++;
          const before = protocol.members.slice(0, i).map((member) => member.name);
          const best = records
            .filter((one) => one.index === record.index && one.eps === eps && before.includes(one.attack))
            .reduce((lowest, one) => (one.correct < lowest.correct ? one : lowest));
          const { intersection, union, forward, backward, step } = record;
          expect({ intersection, union, forward, backward, step }).toEqual({
            ...{ intersection: best.intersection, union: best.union, forward: 0, backward: 0, step: 0 },
          });
        }
      }
    }
    expect(idle).toBeGreaterThan(0);
    expect(new Set(records.map(({ steps }) => steps)).size).toBeGreaterThan(3);
  });

  it("says how many rounds there were and why they ended, and leaves out the others", () => {
    expect(whole.rounds).toHaveLength(2);
    for (const { eps, rounds, gain, ended } of whole.rounds!) {
      const gained = Math.max(gain.aAcc, gain.mIoU) >= 0.001;
      expect(ended).toBe(gained ? "steps" : "gain");
      expect(rounds).toBeLessThanOrEqual(4);
      if (gained) expect(rounds).toBe(4);
      const took = recordsOf("whole").filter((record) => record.eps === eps && (record.steps ?? 0) > 0);
      expect(new Set(took.map(({ attack }) => attack.slice(0, 6))).size).toBe(rounds);
    }
    const most = Math.max(...whole.rounds!.map(({ rounds }) => rounds));
    expect(whole.protocol.members).toHaveLength(1 + 2 * most);
    expect(resultLines(whole).join("\n")).toMatch(
      /^rounds\n32\/255: \d rounds; the last one lowered aAcc by/m,
    );
  });

  it("takes no more passes than planned", async () => {
    const plan = await planEvaluation(settings());
    expect(plan.rounds).toBe(4);
    expect(whole.cost.forward).toBeLessThan(plan.passes);
  });

  it.each([9, 21])("is the same when stopped after %i points and resumed", async (after) => {
    const out = join(root, `resumed-${after}`);
    await stopAfter(after, settings({ out }));
    if (after === 21) rmSync(join(out, "points"), { recursive: true });
    const { cost: _, ...resumed } = await runEvaluation(settings({ out, resume: true }));
    const { cost: __, ...result } = whole;
    expect(resumed).toEqual(result);
    expect(recordsOf(`resumed-${after}`)).toEqual(recordsOf("whole"));
  });

  it("is verified, records without steps too", async () => {
    expect(await verifyRun(join(root, "whole"), { sample: 40 })).toMatchObject({ match: true, result: [] });
  });

  it("repeats its rounds for every seed", async () => {
    const { rounds = [], uncertainty = [] } = await evaluation("seeds", { seeds: 2, eps: "48/255" });
    expect(rounds.map(({ seed }) => seed)).toEqual([0, 1]);
    const alone = await evaluation("second", { seed: 1, eps: "48/255" });
    expect(rounds[1]).toEqual(alone.rounds![0]);
    expect(uncertainty[0]!.seeds!.single[1]).toMatchObject({ aAcc: alone.robust[0]!.worst.aAcc });
  });

  it("is the whole of its shards, which wait for each other before every round", async () => {
    const shard = (index: number, more: Partial<EvaluationInput> = {}) =>
      evaluation(`shard-${index}`, { shard: { index, count: 2 }, ...more });
    const goOn = (index: number) => shard(index, { resume: true, after: [join(root, `shard-${1 - index}`)] });
    let waiting = [await shard(0), await shard(1)].map((result) => result.waiting);
    expect(waiting[0]![0]).toBe("round1:polish:expected-miou");
    let times = 0;
    for (; waiting.some(Boolean); times++) {
      expect(times).toBeLessThan(20);
      waiting = [(await goOn(0)).waiting, (await goOn(1)).waiting];
    }
    await mergeRuns(
      [0, 1].map((index) => join(root, `shard-${index}`)),
      join(root, "merged"),
    );
    expect(recordsOf("merged")).toEqual(recordsOf("whole"));
  }, 60_000);
});

it("refuses a budget that is none, and one too small for a round", async () => {
  const plan = (more: Partial<EvaluationInput>) => planEvaluation(settings(more));
  for (const steps of ["auto:0", "auto:x", "automatic", "0.5"])
    await expect(plan({ steps })).rejects.toThrow(/steps: expected a whole number .*auto:GAIN/);
  await expect(plan({ steps: 9, maxSteps: 900 })).rejects.toThrow(
    /--max-steps 900 .* only --steps auto has rounds/,
  );
  await expect(plan({ maxSteps: 119 })).rejects.toThrow(
    /--max-steps 119: the attacks take 60 steps on an image, and a round 60; give at least 120/,
  );
});
