/** How far the worst case may be off, against independent formulas. */
import { describe, expect, it } from "vitest";
import { randomStream } from "../../src/base/index.js";
import {
  type CountsTable,
  imageAccuracy,
  meanEstimate,
  meanIoU,
  seedSpread,
  setInterval,
  sumCounts,
  worstCase,
} from "../../src/metric/index.js";
import { counts, seededTable } from "./tables.js";

const accuracyOf = (table: CountsTable, image: number) =>
  Math.min(...table.map((images) => images[image]!.correct / images[image]!.valid));

describe("setInterval", () => {
  const table = seededTable(3, 3, 40, 5);
  const worst = worstCase(table);
  const found = setInterval(table, worst, 0)!;

  it("has the t-interval of the images' lowest accuracies", () => {
    const accuracies = table[0]!.map((_, image) => accuracyOf(table, image));
    const { standardError, interval } = meanEstimate(accuracies)!;
    expect(found.aAcc).toEqual({ standardError, interval });
    expect(imageAccuracy(table[0]!)).not.toBeNull();
    expect((interval[0] + interval[1]) / 2).toBeCloseTo(worst.aAcc!, 12);
  });

  it("has an interval of mIoU as wide as resampling by hand says", () => {
    const chosen = worst.choice.map((attack, image) => table[attack]![image]!);
    const stream = randomStream("by hand");
    const resampled = Array.from(
      { length: 3000 },
      () => meanIoU(sumCounts(chosen.map(() => chosen[Math.floor(stream.next() * chosen.length)]!)))!,
    ).sort((a, b) => a - b);
    const [low, high] = [resampled[75]!, resampled[2925]!];
    const { interval } = found.mIoU;
    expect(Math.abs(interval[0] - low)).toBeLessThan(0.1 * (high - low));
    expect(Math.abs(interval[1] - high)).toBeLessThan(0.1 * (high - low));
    expect(interval[0]).toBeLessThan(worst.mIoU!);
    expect(interval[1]).toBeGreaterThan(worst.mIoU!);
  });

  it("is narrower for more images, by the square root of their number", () => {
    const fourfold = [0, 1, 2, 3].map(() => table);
    const large = table.map((_, attack) => fourfold.flatMap((own) => own[attack]!));
    const { aAcc, mIoU } = setInterval(large, worstCase(large), 0)!;
    const width = ([low, high]: readonly [number, number]) => high - low;
    expect(aAcc.standardError / found.aAcc.standardError).toBeCloseTo(0.5, 1);
    expect(width(mIoU.interval) / width(found.mIoU.interval)).toBeCloseTo(0.5, 1);
  });

  it("is the same for the same seed, and changes little with the order of the images", () => {
    expect(setInterval(table, worst, 0)).toEqual(found);
    const turned = table.map((images) => [...images].reverse());
    const other = setInterval(turned, { choice: [...worst.choice].reverse() }, 0)!;
    expect(other.aAcc.standardError).toBeCloseTo(found.aAcc.standardError, 12);
    const [low, high] = found.mIoU.interval;
    expect(Math.abs(other.mIoU.interval[0] - low)).toBeLessThan(0.1 * (high - low));
  });

  it("leaves out images without labels, and says nothing of a single one", () => {
    const empty = counts([0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]);
    const more = table.map((images) => [...images, empty]);
    expect(setInterval(more, worstCase(more), 0)).toEqual(found);
    const one = table.map((images) => [images[0]!, empty]);
    expect(setInterval(one, worstCase(one), 0)).toBeNull();
  });
});

describe("seedSpread", () => {
  const whole = seededTable(7, 6, 12, 4);
  const repeats = [0, 1, 2].map((seed) => ({ seed, attacks: whole.slice(2 * seed, 2 * seed + 2) }));
  const { single, aAcc, mIoU, imageDeviation } = seedSpread(repeats)!;

  it("is of the worst case of each seed alone", () => {
    expect(single).toEqual(
      repeats.map(({ seed, attacks }) => {
        const { aAcc, mIoU } = worstCase(attacks, { seed });
        return { seed, aAcc, mIoU };
      }),
    );
    expect(aAcc).toEqual(meanEstimate(single.map((one) => one.aAcc)));
    expect(mIoU.mean).toBeCloseTo((single[0]!.mIoU + single[1]!.mIoU + single[2]!.mIoU) / 3, 12);
  });

  it("has no seed below the worst case over all", () => {
    const all = worstCase(whole);
    for (const one of single) expect(one.aAcc).toBeGreaterThanOrEqual(all.aAcc!);
  });

  it("has the images' deviations, averaged", () => {
    const deviations = whole[0]!.map((_, image) => {
      const own = repeats.map(({ attacks }) => accuracyOf(attacks, image));
      const mean = own.reduce((sum, value) => sum + value, 0) / 3;
      return Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2);
    });
    expect(imageDeviation).toBeCloseTo(deviations.reduce((sum, value) => sum + value, 0) / 12, 12);
  });

  it("is unknown of one seed, and nothing where all seeds do the same", () => {
    expect(seedSpread(repeats.slice(0, 1))).toBeNull();
    const same = seedSpread([0, 1].map(() => ({ seed: 0, attacks: whole })))!;
    expect([same.aAcc.deviation, same.mIoU.deviation, same.imageDeviation]).toEqual([0, 0, 0]);
    expect(same.aAcc.interval).toEqual([same.aAcc.mean, same.aAcc.mean]);
  });
});
