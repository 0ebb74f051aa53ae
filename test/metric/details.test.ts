/** Details of a prediction: hand-made examples, and agreement with the counts for random maps. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { countDetails, countPixels, detailsProblem, sumDetails } from "../../src/metric/index.js";

const size = (height: number, width: number) => ({ height, width });

it("counts which class became which", () => {
  const { confusion } = countDetails([0, 1, 1, 2], [0, 0, 2, -1], size(1, 4));
  expect(confusion).toEqual([0, 1, 1, 2, 1, 1]);
});

it("counts near boundaries, an ignored region's included", () => {
  // One row. The boundary is between columns 4 and 5; pixels up to one column away are near it.
  const labels = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1];
  const prediction = [0, 0, 0, 0, 1, 1, 1, 1, 1, 1];
  // Columns 3 to 6 are near: label 0 is correct at 3 and wrong at 4, label 1 is correct at 5 and 6.
  expect(countDetails(prediction, labels, size(1, 10)).boundary).toEqual([0, 1, 2, 1, 2, 3]);
  const ignored = labels.map((label) => (label === 1 ? -1 : label));
  expect(countDetails(prediction, ignored, size(1, 10)).boundary).toEqual([0, 1, 2, 1, 0, 1]);
});

it("tells objects by their size", () => {
  const side = 100;
  const labels = new Int32Array(side * side);
  for (let row = 0; row < 10; row++) labels.fill(1, row * side, row * side + 10);
  for (let row = 20; row < 60; row++) labels.fill(1, row * side, row * side + 40);
  const prediction = new Int32Array(side * side).fill(1);
  expect(countDetails(prediction, labels, size(side, side)).objects).toEqual([
    ...[0, 1, 0, side * side - 1700],
    ...[1, 0, 100, 100],
    ...[1, 1, 1600, 1600],
  ]);
});

it("shares false positives out among the objects of their class and image", () => {
  const side = 100;
  const labels = new Int32Array(side * side);
  for (let row = 0; row < 10; row++) labels.fill(1, row * side, row * side + 10);
  for (let row = 20; row < 60; row++) labels.fill(1, row * side, row * side + 40);
  const prediction = new Int32Array(side * side).fill(1);
  const counts = countPixels(prediction, labels, 2);
  const { sizes } = sumDetails([{ counts, details: countDetails(prediction, labels, size(side, side)) }], 2);
  const falsePositives = side * side - 1700;
  expect(sizes[0]!.union[1]).toBeCloseTo(100 + (falsePositives * 100) / 1700, 9);
  expect(sizes[1]!.union[1]).toBeCloseTo(1600 + (falsePositives * 1600) / 1700, 9);
  expect(sizes.map(({ intersection }) => intersection[1])).toEqual([100, 1600, 0]);
});

const maps = fc
  .tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 }))
  .chain(([height, width]) =>
    fc.record({
      height: fc.constant(height),
      width: fc.constant(width),
      labels: fc.array(fc.integer({ min: -1, max: 3 }), {
        minLength: height * width,
        maxLength: height * width,
      }),
      prediction: fc.array(fc.integer({ min: 0, max: 3 }), {
        minLength: height * width,
        maxLength: height * width,
      }),
    }),
  );

it("agrees with the counts, boundary and interior making the whole", () => {
  fc.assert(
    fc.property(maps, ({ height, width, labels, prediction }) => {
      const counts = countPixels(prediction, labels, 4);
      const details = countDetails(prediction, labels, { height, width });
      expect(detailsProblem(counts, details)).toBeUndefined();
      const { boundary, interior, confusion } = sumDetails([{ counts, details }], 4);
      expect(boundary.union.map((n, s) => n + interior.union[s]!)).toEqual(counts.union);
      expect(confusion.reduce((sum, { pixels }) => sum + pixels, 0)).toBe(counts.valid - counts.correct);
    }),
  );
});

it.each([
  ["a right pixel as confusion", { confusion: [0, 0, 1, 0, 1, 1] }],
  ["one wrong pixel too few", { confusion: [] }],
  ["a class that there is not", { confusion: [0, 1, 1, 9, 9, 0] }],
  ["half a group", { objects: [0, 0, 1] }],
  ["another size of object", { objects: [0, 3, 1, 2] }],
  ["more near the boundary than there is", { boundary: [0, 2, 3] }],
])("refuses %s", (_, change) => {
  const [prediction, labels] = [
    [0, 1],
    [0, 0],
  ];
  const counts = countPixels(prediction, labels, 2);
  const details = countDetails(prediction, labels, size(1, 2));
  expect(detailsProblem(counts, { ...details, ...change })).toBeTypeOf("string");
});
