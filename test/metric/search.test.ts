/** The search for the lowest mIoU, its packed table and its moves. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomStream } from "../../src/base/index.js";
import { lowestMIoUBound } from "../../src/metric/bound.js";
import { type CountsTable, meanIoU, sumCounts } from "../../src/metric/index.js";
import { contestedImages, searchLowestMIoU, shuffle } from "../../src/metric/search.js";
import { packTable, standing } from "../../src/metric/table.js";
import { groups, Tally } from "../../src/metric/tally.js";
import { pick } from "../../src/metric/worst.js";
import { counts, lowestByBruteForce, tables } from "./tables.js";

const mIoUOf = (table: CountsTable, choice: ArrayLike<number>) => meanIoU(sumCounts(pick(table, choice)));

/** A table and a list of moves in it. */
const moved = tables.chain((table) =>
  fc.tuple(
    fc.constant(table),
    fc.array(fc.tuple(fc.nat(table[0]!.length - 1), fc.nat(table.length - 1)), { maxLength: 20 }),
  ),
);

describe("standing", () => {
  it("has after any moves the mIoU of its choice, to the last bit", () => {
    fc.assert(
      fc.property(moved, ([table, moves]) => {
        const state = standing(packTable(table), new Int32Array(table[0]!.length));
        for (const [image, attack] of moves) {
          state.move(image, attack);
          const expected = mIoUOf(table, state.choice);
          expect(state.mIoU()).toBe(expected ?? Number.NaN);
        }
        const last = new Map(moves);
        expect([...state.choice]).toEqual(table[0]!.map((_, image) => last.get(image) ?? 0));
      }),
    );
  });
});

describe("packTable", () => {
  it("calls those images contested whose counts differ between attacks, and no others", () => {
    fc.assert(
      fc.property(tables, (table) => {
        const expected = table[0]!.flatMap((first, image) => {
          const same = table.every(
            (images) =>
              images[image]!.intersection.join() === first.intersection.join() &&
              images[image]!.union.join() === first.union.join(),
          );
          return same ? [] : [image];
        });
        expect(contestedImages(packTable(table))).toEqual(expected);
      }),
    );
  });
});

describe("searchLowestMIoU", () => {
  it("ends where no change of a single image helps", () => {
    fc.assert(
      fc.property(tables, fc.nat(), (table, seed) => {
        const found = searchLowestMIoU(packTable(table), [table[0]!.map(() => 0)], seed);
        const lowest = mIoUOf(table, found.choice);
        if (lowest === null) return;
        for (const [image] of table[0]!.entries())
          for (const attack of table.keys()) {
            const other = found.choice.with(image, attack);
            expect(mIoUOf(table, other)!).toBeGreaterThanOrEqual(lowest);
          }
      }),
    );
  });

  it("is exact for one image: brute force has as many choices as attacks", () => {
    fc.assert(
      fc.property(
        tables.map((table) => table.map((images) => images.slice(0, 1))),
        (table) => {
          const found = searchLowestMIoU(packTable(table), [[0]], 0);
          expect(mIoUOf(table, found.choice)).toBe(lowestByBruteForce(table));
        },
      ),
    );
  });

  it("gives the first of the starts that end equally low", () => {
    const image = counts([4, 4], [2, 2], [2, 2]);
    const packed = packTable([[image], [image], [image]]);
    expect([...searchLowestMIoU(packed, [[2], [0], [1]], 3).choice]).toEqual([2]);
  });
});

describe("lowestMIoUBound", () => {
  it("is exact for one class that every attack leaves in the image", () => {
    const hits = fc.integer({ min: 0, max: 9 });
    fc.assert(
      fc.property(fc.array(fc.tuple(hits, hits, hits), { minLength: 1, maxLength: 5 }), (images) => {
        // One class, 10 labelled pixels in each image, as many hits as each of three attacks leaves.
        const table = [0, 1, 2].map((attack) =>
          images.map((list) => counts([list[attack]!], [0], [10 - list[attack]!])),
        );
        const fewest = images.reduce((sum, list) => sum + Math.min(...list), 0);
        expect(lowestMIoUBound(packTable(table))).toBeCloseTo(fewest / (10 * images.length), 12);
      }),
    );
  });

  it("stays below the lowest mIoU of fewer attacks, which more attacks only lower", () => {
    fc.assert(
      fc.property(
        tables.filter((table) => table.length > 1),
        (table) => {
          const all = lowestMIoUBound(packTable(table));
          const fewer = lowestByBruteForce(table.slice(0, -1));
          if (all === null || fewer === null) return;
          expect(all).toBeLessThanOrEqual(fewer + 1e-12);
        },
      ),
    );
  });
});

describe("shuffle", () => {
  it("permutes, and gives each of the orders of three equally often", () => {
    const seen = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = [0, 1, 2];
      shuffle(order, randomStream("shuffle test", i));
      expect([...order].sort()).toEqual([0, 1, 2]);
      seen.set(order.join(), (seen.get(order.join()) ?? 0) + 1);
    }
    expect(seen.size).toBe(6);
    // Five standard deviations of a binomial count with mean 1000.
    for (const times of seen.values())
      expect(Math.abs(times - 1000)).toBeLessThan(5 * Math.sqrt(1000 * (5 / 6)));
  });
});

describe("Tally", () => {
  const pair = fc.tuple(fc.integer({ min: 0, max: 65535 }), fc.integer({ min: 0, max: 65535 }));

  it("sums by key and lists keys in order, up to the largest of two", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(pair, fc.nat(100)), { maxLength: 30 }), (entries) => {
        const tally = new Tally(2, 1);
        const expected = new Map<string, number>();
        for (const [key, value] of entries) {
          tally.add(key, [value]);
          expected.set(key.join(), (expected.get(key.join()) ?? 0) + value);
        }
        const listed = [...groups(tally.list(), 3)];
        expect(new Map(listed.map(([a, b, sum]) => [`${a},${b}`, sum]))).toEqual(expected);
        const sorted = [...listed].sort(([a, b], [c, d]) => a! - c! || b! - d!);
        expect(listed).toEqual(sorted);
      }),
    );
  });

  it("keeps several sums for one key apart", () => {
    const tally = new Tally(1, 2);
    tally.add([3], [1, 10]);
    tally.add([0], [5, 5]);
    tally.add([3], [2, 20]);
    expect(tally.list()).toEqual([0, 5, 5, 3, 3, 30]);
    expect(new Tally(1, 2).list()).toEqual([]);
  });
});
