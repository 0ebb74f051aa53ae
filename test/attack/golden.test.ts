/** Attacks step by step against an independent implementation (PyTorch, tools/pgd_trajectory.py and tools/apgd_reference.py). */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type AttackSettings,
  apgdFrom,
  type Norm,
  pgdFrom,
  type RadiusSchedule,
  stagesFor,
} from "../../src/attack/index.js";
import { type LossName, losses } from "../../src/loss/index.js";
import { bytes, floats, folder, images, oracleOf, part, pgd, type Recorder } from "./golden-image.js";

const meta = JSON.parse(readFileSync(new URL("meta.json", pgd), "utf8"));

const share = (a: Float32Array, b: ArrayLike<number>, tolerance: number) =>
  a.filter((value, i) => Math.abs(value - b[i]!) <= tolerance).length / a.length;

describe("ten steps of PGD from a fixed start", () => {
  it.each([0, 1])("image %i: every iterate agrees in more than 99 of 100 numbers", async (image) => {
    const oracle = await oracleOf(image, { losses: [losses.ce] });
    const settings: AttackSettings = {
      radius: meta.radius,
      steps: meta.steps,
      norm: "linf",
      accounting: "strict",
    };
    await pgdFrom(part(floats(pgd, "start.bin"), image), oracle, losses.ce, settings, meta.stepSize);
    const iterates = floats(pgd, "iterates.bin");
    const tracks = new Float64Array(bytes(pgd, "loss.bin"));
    expect(oracle.visited).toHaveLength(11);
    for (const [i, { point, tracked }] of oracle.visited.entries()) {
      if (i > 0) expect(share(point, part(iterates, (i - 1) * images + image), 1e-6)).toBeGreaterThan(0.99);
      expect(tracked).toBeCloseTo(tracks[i * images + image]!, 4);
    }
  });
});

interface Trace {
  norm: Norm;
  schedule: RadiusSchedule;
  loss: LossName;
  convention: "own" | "published";
  steps: number;
  slots: [number, number][];
  tracked: number[][][];
  correct: number[][][];
  stepSize: number[][][];
  kept: { step: number; correct: number; largest: number }[];
  stable: number[];
}

const apgd = folder("apgd");
const traces: Trace[] = JSON.parse(readFileSync(new URL("traces.json", apgd), "utf8"));
const apgdMeta = JSON.parse(readFileSync(new URL("meta.json", apgd), "utf8"));

const partings: number[] = [];

describe.each(traces.map((trace) => [title(trace), trace] as const))("APGD %s", (_, trace) => {
  it.each([0, 1])(
    "image %i: losses, counts and step sizes agree as long as rounding decides nothing",
    async (image) => {
      const { norm, schedule, loss, convention, steps } = trace;
      const tracking = convention;
      const oracle = await oracleOf(image, {
        losses: [losses[loss]],
        tracking,
        classWeights: apgdMeta.classWeights,
      });
      const settings: AttackSettings = {
        radius: apgdMeta.radius[norm],
        steps,
        norm,
        accounting: convention === "own" ? "strict" : "authors",
      };
      const start = part(floats(apgd, `start.${norm}.${schedule}.bin`), image);
      const kept = await apgdFrom(start, oracle, stagesFor(losses[loss], schedule), settings);

      const stable = trace.stable[image]!;
      const expected = trace.slots.flatMap((_, s) =>
        trace.tracked[s]![image]!.map((tracked, i) => ({
          tracked,
          correct: trace.correct[s]![image]![i]!,
          step: stepsBefore(trace, s) + i,
        })),
      );
      const compared = expected
        .map((point, i) => ({ ...point, seen: oracle.visited[i] }))
        .filter(({ step }) => step <= stable);
      const parting =
        compared.find(({ tracked, correct, seen }) => !agree(seen!, tracked, correct))?.step ??
        Number.POSITIVE_INFINITY;
      expect(parting, "the step at which the two go different ways").toBeGreaterThan(stable / 4);
      const sizes = trace.slots
        .flatMap((_, s) => trace.stepSize[s]![image]!)
        .slice(0, Math.min(stable, parting));
      expect(oracle.stepSizes.slice(0, sizes.length).map((size) => size / settings.radius)).toEqual(
        sizes.map((size) => expect.closeTo(size, 5)),
      );
      partings.push(parting);
      if (stable < steps || parting < steps) return;
      expect(kept.step).toBe(trace.kept[image]!.step);
    },
  );
});

it("APGD agrees to the end in 95 of 100 traces: a pixel on the edge may send one of two programs another way", () => {
  expect(partings.length).toBe(2 * traces.length);
  expect(
    partings.filter((parting) => parting === Number.POSITIVE_INFINITY).length / partings.length,
  ).toBeGreaterThanOrEqual(0.95);
});

/** Both programs are within one pixel of float64 at these steps, so within two of each other. */
function agree(seen: Recorder["visited"][number], tracked: number, correct: number): boolean {
  const sameLoss = seen.tracked === undefined || Math.abs(seen.tracked - tracked) < 5e-5;
  return sameLoss && Math.abs(seen.correct - correct) <= 2;
}

function stepsBefore(trace: Trace, slot: number): number {
  return trace.slots.slice(0, slot).reduce((sum, [, steps]) => sum + steps, 0);
}

function title({ norm, schedule, loss, convention, steps, stable }: Trace): string {
  return `${loss}, ${norm}, ${schedule}, ${convention}, ${steps} steps (stable for ${stable.join(" and ")})`;
}
