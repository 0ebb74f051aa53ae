/** How far a record that was made again is from the stored one. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareRecords } from "../../src/evaluate/index.js";
import type { RunRecord } from "../../src/journal/index.js";
import { countPixels, pixelAccuracy } from "../../src/metric/index.js";
import { describeWith, recordFor } from "../journal/runs.js";

const record = recordFor(describeWith(), 1, "4/255", "apgd:js");

/** The record of a prediction. */
function counted(prediction: readonly number[], labels: readonly number[]): RunRecord {
  const counts = countPixels(prediction, labels, 3);
  return { ...record, ...counts, accuracy: pixelAccuracy(counts), pixels: labels.length };
}

describe("compareRecords", () => {
  it("matches what is equal, whatever it cost", () => {
    const verdict = compareRecords(record, { ...record, seconds: 99, forward: 1 }, 0);
    expect(verdict).toEqual({
      ...{ image: record.image, attack: record.attack, eps: record.eps, match: true },
      ...{ pixels: 0, labels: 0, accuracy: 0, step: 0, maxDelta: 0 },
    });
  });

  it("never claims more changed pixels than there are, and sees each single one", () => {
    const pixel = fc.record({ label: fc.integer({ min: -1, max: 2 }), was: fc.nat(2), is: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(pixel, { minLength: 1, maxLength: 12 }), (pixels) => {
        const labels = pixels.map(({ label }) => label);
        const stored = counted(
          pixels.map(({ was }) => was),
          labels,
        );
        const now = counted(
          pixels.map(({ is }) => is),
          labels,
        );
        const changed = pixels.filter(({ label, was, is }) => label >= 0 && was !== is).length;
        const verdict = compareRecords(stored, now, 0);
        expect(verdict.pixels).toBeLessThanOrEqual(changed);
        if (changed === 1) expect(verdict.pixels).toBe(1);
        if (verdict.pixels > 0) expect(verdict.match).toBe(false);
      }),
    );
  });

  it.each([{ step: record.step + 1 }, { maxDelta: record.maxDelta / 2 }])("does not match %j", (change) => {
    expect(compareRecords(record, { ...record, ...change }, 0).match).toBe(false);
    expect(compareRecords(record, { ...record, ...change }, 0.001).match).toBe(true);
  });

  it("lets accuracy differ by the tolerance and no more", () => {
    const [stored, now] = [counted([0, 0, 1, 2], [0, 0, 1, 1]), counted([0, 1, 1, 2], [0, 0, 1, 1])];
    expect(compareRecords(stored, now, 0)).toMatchObject({ match: false, pixels: 1, accuracy: -0.25 });
    expect(compareRecords(stored, now, 0.25).match).toBe(true);
    expect(compareRecords(stored, now, 0.2).match).toBe(false);
  });

  it("never tolerates other labels", () => {
    const [stored, now] = [counted([0, 0, 1], [0, 0, 1]), counted([0, 0, 1], [0, 1, 1])];
    expect(compareRecords(stored, now, 1)).toMatchObject({ match: false, labels: 1 });
  });
});
