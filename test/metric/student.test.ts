/** Student's t against its printed tables, and the intervals of means against their formulas. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomStream } from "../../src/base/index.js";
import { meanDifference, meanEstimate } from "../../src/metric/index.js";
import { studentQuantile } from "../../src/metric/uncertainty/student.js";

describe("studentQuantile", () => {
  // Any statistics book's table of t for a two-sided 95 % interval.
  it.each([
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [5, 2.571],
    [9, 2.262],
    [10, 2.228],
    [29, 2.045],
    [30, 2.042],
    [100, 1.984],
  ])("has the tabulated 97.5 %% quantile for %i degrees of freedom", (freedom, t) => {
    expect(studentQuantile(0.975, freedom)).toBeCloseTo(t, 3);
  });

  it("has the closed forms for 1 and 2 degrees of freedom, and the normal quantile for many", () => {
    for (const share of [0.5, 0.6, 0.9, 0.99]) {
      const u = 2 * share - 1;
      expect(studentQuantile(share, 1)).toBeCloseTo(Math.tan((Math.PI * u) / 2), 8);
      expect(studentQuantile(share, 2)).toBeCloseTo((u * Math.SQRT2) / Math.sqrt(1 - u * u), 8);
    }
    expect(studentQuantile(0.975, 1_000_001)).toBeCloseTo(1.95996, 4);
    expect(studentQuantile(0.975, 1_000_000)).toBeCloseTo(1.95996, 4);
  });
});

describe("meanEstimate", () => {
  it("is mean ± t · s / √n", () => {
    const { mean, deviation, standardError, interval } = meanEstimate([1, 2, 4])!;
    expect(mean).toBeCloseTo(7 / 3, 12);
    expect(deviation).toBeCloseTo(Math.sqrt(7 / 3), 12);
    expect(standardError).toBeCloseTo(Math.sqrt(7 / 9), 12);
    expect(interval[0]).toBeCloseTo(7 / 3 - 4.30265 * Math.sqrt(7 / 9), 4);
    expect(interval[1]).toBeCloseTo(7 / 3 + 4.30265 * Math.sqrt(7 / 9), 4);
  });

  it("says nothing of one value", () => {
    expect(meanEstimate([])).toBeNull();
    expect(meanEstimate([0.5])).toBeNull();
    expect(meanDifference([0.5], [1, 2])).toBeNull();
  });

  it("does not depend on the order, and moves and stretches with the values", () => {
    const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(values, (list) => {
        const found = meanEstimate(list)!;
        const turned = meanEstimate([...list].reverse())!;
        const moved = meanEstimate(list.map((value) => 10 - 2 * value))!;
        expect(turned.deviation).toBeCloseTo(found.deviation, 9);
        expect(turned.interval[0]).toBeCloseTo(found.interval[0], 9);
        expect(moved.interval[0]).toBeCloseTo(10 - 2 * found.interval[1], 6);
      }),
    );
  });

  it("holds the mean in 95 of 100 samples of three", () => {
    const stream = randomStream("coverage");
    const held = Array.from({ length: 4000 }, () => {
      const [low, high] = meanEstimate([...stream.normal(3)])!.interval;
      return low < 0 && high > 0;
    }).filter(Boolean).length;
    // Three standard deviations of a share of 4000 are 1.03 %.
    expect(Math.abs(held / 4000 - 0.95)).toBeLessThan(0.0104);
  });
});

describe("meanDifference", () => {
  it("is Welch's interval", () => {
    const [a, b] = [
      [3, 4, 5],
      [6, 8, 10],
    ];
    // Variances 1 and 4, so the error is √(5/3); 25/17 · 2 = 2.94 degrees of freedom, rounded down to 2.
    const half = 4.30265 * Math.sqrt(5 / 3);
    const [low, high] = meanDifference(a!, b!)!;
    expect(low).toBeCloseTo(4 - half, 4);
    expect(high).toBeCloseTo(4 + half, 4);
  });

  it("of equal spreads has the freedom of both, and of no spread no width", () => {
    const [low, high] = meanDifference([1, 2, 3], [2, 3, 4])!;
    expect((high - low) / 2).toBeCloseTo(2.77645 * Math.sqrt(2 / 3), 4);
    expect(meanDifference([1, 1], [3, 3])).toEqual([2, 2]);
  });
});
