/** The values of classes against the change of mIoU that they stand for. */
import { expect, it } from "vitest";
import { randomStream } from "../../src/base/index.js";
import { classValues } from "../../src/loss/index.js";
import { countPixels, meanIoU, sumCounts } from "../../src/metric/index.js";

const classes = 4;
const pixels = 40_000;
const random = randomStream("set values");
const draw = () => Math.floor(4 * random.next() ** 2);
const labels = Int32Array.from({ length: pixels }, draw);
const prediction = labels.map((label) => (random.next() < 0.7 ? label : draw()));
const counts = countPixels(prediction, labels, classes);
const { gain, price } = classValues(counts, 1);
const mIoU = meanIoU(counts)!;

/** The change of mIoU when a pixel of class `from` that is predicted as `was` is predicted as `becomes`. */
function change(from: number, was: number, becomes: number): number {
  const at = labels.findIndex((label, i) => label === from && prediction[i] === was);
  expect(at).toBeGreaterThanOrEqual(0);
  const moved = prediction.slice();
  moved[at] = becomes;
  return meanIoU(countPixels(moved, labels, classes))! - mIoU;
}

const pairs = [0, 1, 2, 3].flatMap((y) => [0, 1, 2, 3].filter((t) => t !== y).map((t) => [y, t] as const));

it.each(pairs)(
  "a right pixel of class %i that becomes %i changes the mIoU by its price and the other's gain",
  (y, t) => {
    const unit = change(0, 0, 1) / (price[0]! + gain[1]!);
    expect(change(y, y, t) / (unit * (price[y]! + gain[t]!))).toBeCloseTo(1, 2);
  },
);

it.each(pairs)("a pixel of class %i that is no longer taken for %i gives its gain back", (y, t) => {
  const s = [0, 1, 2, 3].find((other) => other !== y && other !== t)!;
  const unit = change(0, 0, 1) / (price[0]! + gain[1]!);
  expect(change(y, t, s) - unit * (gain[s]! - gain[t]!)).toBeCloseTo(0, 7);
});

it("right pixels of an average class count 1, whatever the share of the mIoU", () => {
  for (const share of [0, 0.5, 1]) {
    const { price: mixed } = classValues(counts, share);
    const mean = mixed.reduce((sum, value, c) => sum + value * counts.labels[c]!, 0) / counts.valid;
    expect(mean).toBeCloseTo(1, 12);
  }
  expect(classValues(counts, 0)).toEqual({ gain: [0, 0, 0, 0], price: [1, 1, 1, 1] });
});

it("a class that is neither labelled nor predicted has no value", () => {
  const empty = sumCounts([countPixels(Int32Array.of(0, 1), Int32Array.of(0, 0), 3)]);
  expect(classValues(empty, 1).gain[2]).toBe(0);
});
