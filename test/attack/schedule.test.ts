/** APGD's step-size control, without an engine. */
import { describe, expect, it } from "vitest";
import {
  type AttackStage,
  planStages,
  StepSizeSchedule,
  stagesFor,
  temperatureAt,
} from "../../src/attack/index.js";
import { losses } from "../../src/loss/index.js";

/** The steps after which the schedule halves when the loss never rises: every check halves then. */
function checks(steps: number): number[] {
  const schedule = new StepSizeSchedule(steps, 2, 0);
  return Array.from({ length: steps }, (_, i) => i + 1).filter(() => schedule.observe(-1));
}

describe("checks happen where the published schedule has them", () => {
  it.each([
    [300, [66, 123, 171, 210, 240, 261, 279, 297]],
    [90, [19, 36, 51, 64, 75, 84]],
    [120, [26, 49, 69, 86, 100, 111, 119]],
    [100, [22, 41, 57, 70, 80, 87, 93, 99]],
    [60, [13, 25, 36, 46, 55]],
    [20, [4, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]],
  ])("%i steps", (steps, expected) => {
    expect(checks(steps)).toEqual(expected);
  });
});

describe("halving", () => {
  const halves = (losses: number[], start = 0, reference?: number) => {
    const schedule = new StepSizeSchedule(10, 2, start, reference); // checks after 2, 3, 4, …
    return losses.map((loss) => schedule.observe(loss));
  };

  it("does not happen while the loss rises at more than three steps of four", () => {
    expect(halves([1, 2, 3, 4, 5])).toEqual([false, false, false, false, false]);
  });

  it("happens when at most three of four steps rose", () => {
    expect(halves([1, 0.5])).toEqual([false, true]);
  });

  it("compares the first step with the start point, or with zero as the published code does", () => {
    expect(halves([1, 2], 3)).toEqual([false, true]);
    // Two rises from zero; that the start's loss was not beaten counts from the second check on only.
    expect(halves([1, 2], 3, 0)).toEqual([false, false]);
  });

  it("starts at 2ε", () => {
    const schedule = new StepSizeSchedule(10, 0.5, 0);
    expect(schedule.stepSize).toBe(0.5);
    schedule.observe(-1);
    schedule.observe(-2);
    expect(schedule.stepSize).toBe(0.25);
  });
});

it("radii shrink over three slots of 3:3:4", () => {
  const stages = stagesFor(losses.ce, "reduce");
  const lengths = (steps: number) => planStages(stages, { radius: 1, steps }).map((slot) => slot.steps);
  expect(lengths(300)).toEqual([90, 90, 120]);
  expect(lengths(10)).toEqual([3, 3, 4]);
  expect(lengths(50)).toEqual([15, 15, 20]);
  expect(lengths(1)).toEqual([1]);
  expect(planStages(stages, { radius: 0.1, steps: 300 }).map((slot) => slot.radius)).toEqual([
    0.2, 0.15000000000000002, 0.1,
  ]);
});

it("stages share the steps, and their temperature falls in proportion", () => {
  const stages: AttackStage[] = [
    { loss: losses.cospgd, share: 0.5, radius: 2 },
    { loss: losses["expected-accuracy"], share: 0.5, temperature: [0.5, 0.125], firstStep: 0.5 },
  ];
  const [broad, sharp] = planStages(stages, { radius: 0.1, steps: 9 });
  expect([broad!.steps, broad!.radius, broad!.firstStep]).toEqual([4, 0.2, 0.4]);
  expect([sharp!.steps, sharp!.radius, sharp!.firstStep]).toEqual([5, 0.1, 0.05]);
  expect([0, 2.5, 5].map((step) => temperatureAt(sharp!, step))).toEqual([0.5, 0.25, 0.125]);
  expect(temperatureAt(broad!, 3)).toBe(1);
});
