/** APGD's step-size control against a transcription of the published pseudo-code, on random losses. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  apgd,
  parseMembers,
  planStages,
  StepSizeSchedule,
  squareSide,
  stagesFor,
} from "../../src/attack/index.js";
import { losses as known } from "../../src/loss/index.js";

/**
 * Croce and Hein, ICML 2020, Algorithm 1: the step size after each iteration. The checkpoints follow §3 in
 * integers, as the published code has them; condition 1 counts rises over the whole interval, condition 2 asks
 * that neither step size nor best loss has changed since the checkpoint before.
 */
function published(start: number, losses: readonly number[], radius: number): number[] {
  const n = losses.length;
  const checkpoints: number[] = [];
  let interval = Math.max(Math.trunc(0.22 * n), 1);
  for (let at = interval; at <= n; at += interval) {
    checkpoints.push(at);
    interval = Math.max(interval - Math.max(Math.trunc(0.03 * n), 1), Math.max(Math.trunc(0.06 * n), 1));
  }
  const f = [start, ...losses];
  const best = f.map((_, k) => Math.max(...f.slice(0, k + 1)));
  const eta = [2 * radius];
  let before = 0;
  // The code starts with "was halved", so that condition 2 does not count at the first checkpoint.
  let halvedBefore: boolean = true;
  for (let k = 1; k <= n; k++) {
    eta[k] = eta[k - 1]!;
    if (!checkpoints.includes(k)) continue;
    const rises = Array.from({ length: k - before }, (_, i) => before + i).filter((i) => f[i + 1]! > f[i]!);
    const first = rises.length <= 0.75 * (k - before);
    const second: boolean = !halvedBefore && best[k] === best[before];
    halvedBefore = first || second;
    if (halvedBefore) eta[k] = eta[k - 1]! / 2;
    before = k;
  }
  return eta.slice(1);
}

describe("the step size", () => {
  const loss = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true, min: -5, max: 5 }));

  it("is that of the pseudo-code", () => {
    const runs = fc.array(loss, { minLength: 1, maxLength: 120 });
    fc.assert(
      fc.property(loss, runs, (start, losses) => {
        const schedule = new StepSizeSchedule(losses.length, 2, start);
        const sizes = losses.map((value) => {
          schedule.observe(value);
          return schedule.stepSize;
        });
        expect(sizes).toEqual(published(start, losses, 1));
      }),
      { numRuns: 300 },
    );
  });

  it("is that of the pseudo-code on losses that mostly rise, where condition 2 decides", () => {
    const rises = fc.array(
      fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(-6) }),
      {
        minLength: 20,
        maxLength: 200,
      },
    );
    fc.assert(
      fc.property(rises, (moves) => {
        let value = 0;
        const losses = moves.map((move) => (value += move));
        const schedule = new StepSizeSchedule(losses.length, 1, 0);
        const sizes = losses.map((now) => {
          schedule.observe(now);
          return schedule.stepSize;
        });
        expect(sizes).toEqual(published(0, losses, 0.5));
      }),
      { numRuns: 300 },
    );
  });

  it("halves exactly when it says so", () => {
    fc.assert(
      fc.property(fc.array(loss, { minLength: 1, maxLength: 60 }), (losses) => {
        const schedule = new StepSizeSchedule(losses.length, 2, 0);
        for (const value of losses) {
          const before = schedule.stepSize;
          expect(schedule.observe(value)).toBe(schedule.stepSize === before / 2);
        }
      }),
    );
  });
});

describe("reducing radii", () => {
  it("take all steps, end at ε, and give the last stage at least as many steps as each other", () => {
    for (let steps = 1; steps <= 400; steps++) {
      const stages = planStages(stagesFor(known.ce, "reduce"), { radius: 0.25, steps });
      expect(stages.reduce((sum, stage) => sum + stage.steps, 0)).toBe(steps);
      expect(stages.at(-1)!.radius).toBe(0.25);
      expect(stages.map(({ radius }) => radius)).toEqual(steps < 4 ? [0.25] : [0.5, 0.375, 0.25]);
      expect(stages.every((stage) => stage.steps >= 1 && stage.steps <= stages.at(-1)!.steps)).toBe(true);
    }
  });

  it("cost one pass more for each stage", () => {
    const [reduce, constant] = [apgd(known.ce, "reduce"), apgd(known.ce, "constant")];
    expect([1, 3, 4, 300].map(reduce.passes)).toEqual([2, 4, 7, 303]);
    expect([1, 3, 4, 300].map(constant.passes)).toEqual([2, 4, 5, 301]);
  });
});

it("squares fit into the image and never grow during a run", () => {
  const side = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(side, side, fc.integer({ min: 1, max: 500 }), (height, width, steps) => {
      let last = Number.POSITIVE_INFINITY;
      for (let i = 1; i <= steps; i++) {
        const now = squareSide(i, steps, height, width);
        expect(Number.isInteger(now) && now >= 1 && now <= Math.min(height, width)).toBe(true);
        expect(now).toBeLessThanOrEqual(last);
        last = now;
      }
    }),
    { numRuns: 60 },
  );
});

describe("a list of attacks", () => {
  it.each(["", " , ", ",,"])("%j names none", (list) => {
    expect(() => parseMembers(list)).toThrow(`"${list}" names no attack; known are `);
  });

  it.each(["apgd", "pgd:", "apgd:xyz", "square:ce", "noise:", "APGD:ce", "constructor", "apgd:constructor"])(
    "with %j is refused with the names there are",
    (name) => {
      const refused = () => parseMembers(`noise,${name}`);
      expect(refused).toThrow(`unknown attack "${name}"; known are `);
      for (const there of ["sea-2023", "sea-2024", "strongest", "apgd:LOSS", "mask-ce"]) {
        expect(refused).toThrow(there);
      }
    },
  );

  it("keeps its order, and the first of attacks that an ensemble names again", () => {
    const names = (list: string) => parseMembers(list).map(({ attack }) => attack.name);
    expect(names(" apgd:js ,sea-2024,")).toEqual(["apgd:js", "apgd:class-balanced-ce", "apgd:mask-ce"]);
    expect(names("square,noise,square")).toEqual(["square", "noise"]);
  });

  it("refuses one attack at two lengths", () => {
    expect(() => parseMembers("apgd:js,sea-2023,sea-two-speed", { steps: 30 })).toThrow(
      "apgd:balanced-ce is named twice, with 30 steps (reduce) and with 10 steps (reduce); name it once",
    );
  });
});
