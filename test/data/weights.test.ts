/** Label counts, and the class weights made of them. */
import { describe, expect, it } from "vitest";
import {
  addLabelCounts,
  classWeights,
  countLabelMap,
  labelStats,
  vocPublishedWeights,
  vocTrainAugWeights,
} from "../../src/data/index.js";

/** Pixels of each class in the VOC 2012 validation crops of 473×473, void counted as background. */
const vocValCounts = [
  228626420, 3124569, 1190901, 3319466, 2039244, 2888060, 6488608, 5322791, 8387792, 2653752, 4347234,
  3629259, 7838055, 4109263, 3943793, 18677639, 1813560, 2835501, 4535822, 5960339, 2451253,
];

describe("class weights", () => {
  it("of the VOC validation crops are the published ones", () => {
    expect(vocValCounts.reduce((sum, count) => sum + count, 0)).toBe(1449 * 473 ** 2);
    expect(classWeights(vocValCounts).map((weight) => Number(weight.toFixed(4)))).toEqual(
      vocPublishedWeights,
    );
  });

  it("sum to one, and are inversely proportional to the counts", () => {
    const weights = classWeights([10, 40, 0, 20]);
    expect(weights).toEqual([4 / 7, 1 / 7, 0, 2 / 7].map((value) => expect.closeTo(value, 12)));
  });

  it("have one entry for each VOC class and sum to one in both vectors", () => {
    for (const vector of [vocPublishedWeights, vocTrainAugWeights]) {
      expect(vector).toHaveLength(21);
      expect(vector.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 3);
    }
    expect(vocTrainAugWeights[2]! / vocPublishedWeights[2]!).toBeLessThan(0.5);
  });

  it("cannot be had from nothing", () => {
    expect(() => classWeights([0, 0])).toThrow("none of 2 classes has any");
  });
});

describe("counts", () => {
  it("count classes and ignored pixels", () => {
    expect(countLabelMap(Int32Array.of(0, 2, -1, 2, -1), 4)).toEqual({ classes: [1, 0, 2, 0], ignored: 2 });
    expect(countLabelMap(Int32Array.of(3))).toEqual({ classes: [0, 0, 0, 1], ignored: 0 });
  });

  it("add up, the longer list deciding", () => {
    const sum = addLabelCounts({ classes: [1], ignored: 1 }, { classes: [2, 3], ignored: 4 });
    expect(sum).toEqual({ classes: [3, 3], ignored: 5 });
  });

  it("give shares, void and absent classes", () => {
    expect(labelStats({ classes: [6, 0, 2], ignored: 2 })).toEqual({
      shares: [0.75, 0, 0.25],
      voidShare: 0.2,
      absent: [1],
    });
    expect(labelStats({ classes: [0], ignored: 0 })).toEqual({ shares: [0], voidShare: 0, absent: [0] });
  });
});
