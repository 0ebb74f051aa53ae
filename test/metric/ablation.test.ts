/** Leave-one-out: the worst case over all attacks but one. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { leaveOneOut, meanIoU, sumCounts, worstCase } from "../../src/metric/index.js";
import { counts, lowestByBruteForce, tables } from "./tables.js";

it("is the worst case of the others, and never below that of all", () => {
  fc.assert(
    fc.property(
      tables.filter((table) => table.length > 1),
      (table) => {
        const all = worstCase(table);
        leaveOneOut(table).forEach(({ aAcc, mIoU }, left) => {
          const others = table.filter((_, attack) => attack !== left);
          expect(aAcc ?? 0).toBeGreaterThanOrEqual(all.aAcc ?? 0);
          const single = Math.min(...others.map((images) => meanIoU(sumCounts(images)) ?? 0));
          expect(mIoU ?? 0).toBeLessThanOrEqual(single);
          expect(mIoU ?? 0).toBeGreaterThanOrEqual((lowestByBruteForce(others) ?? 0) - 1e-12);
        });
      },
    ),
    { numRuns: 200 },
  );
});

it("shows what each attack adds: the first wins an image, the second none, the third the other", () => {
  const image = (right: number) => counts([right, 0], [0, 4 - right], [4 - right, 0]);
  const table = [
    [image(0), image(3)],
    [image(2), image(3)],
    [image(4), image(1)],
  ];
  expect(worstCase(table).aAcc).toBe(0.125);
  expect(leaveOneOut(table).map(({ aAcc }) => aAcc)).toEqual([0.375, 0.125, 0.375]);
});

it("has nothing to say of one attack", () => {
  expect(leaveOneOut([[counts([1], [0], [0])]])).toEqual([]);
});
