/** Which images the gallery shows, and resampled figures, each against a slow reference. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memberNames, type RunRecord } from "../../src/journal/index.js";
import { bootstrap, weightedMean, weightedMIoU } from "../../src/metric/uncertainty/bootstrap.js";
import { galleryAt, galleryGroups, imagesOf, worstAt } from "../../src/report/images.js";
import { describeWith, recordsOf } from "../journal/runs.js";

const run = describeWith({ data: { images: 20 } });
const records = recordsOf(run);
const attacks = memberNames(run.protocol);

describe("imagesOf", () => {
  it("sorts whole images by their place, each with its records by slot", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(records, { minLength: records.length }), (shuffled) => {
        const images = imagesOf(run, shuffled);
        expect(images.map(({ index }) => index)).toEqual(Array.from({ length: 20 }, (_, i) => i));
        expect(images.flatMap((image) => image.records)).toEqual(records);
      }),
      { numRuns: 10 },
    );
  });

  it("leaves out an image that lacks a record, and keeps the first of two", () => {
    const lacking = records.filter(
      ({ index, attack, eps }) => index !== 7 || attack !== "apgd:js" || eps !== "0.03",
    );
    expect(lacking).toHaveLength(records.length - 1);
    const twice = [...lacking, { ...records[0]!, seconds: 99 }];
    const images = imagesOf(run, twice);
    expect(images.map(({ index }) => index)).toEqual([...Array(20).keys()].filter((index) => index !== 7));
    expect(images[0]!.records[0]).toBe(records[0]);
  });
});

describe("worstAt", () => {
  it("is the record with the fewest correct pixels among all of the radius, and no other", () => {
    for (const image of imagesOf(run, records)) {
      for (const eps of run.protocol.eps) {
        const own = image.records.filter((record) => record.eps === eps);
        expect(own).toHaveLength(attacks.length);
        const fewest = Math.min(...own.map(({ correct }) => correct));
        expect(worstAt(run, image, eps)).toBe(own.find(({ correct }) => correct === fewest));
      }
    }
  });
});

describe("galleryAt", () => {
  const images = imagesOf(run, records);
  const eps = "4/255";
  const indices = (group: readonly RunRecord[]) => group.map(({ index }) => index);

  it.each(Array.from({ length: 21 }, (_, count) => count))("shows none of %d images twice", (count) => {
    const gallery = galleryAt(run, images.slice(0, count), eps);
    const shown = galleryGroups.flatMap((group) => indices(gallery[group]));
    expect(new Set(shown).size).toBe(shown.length);
    // Up to twelve images, all are shown.
    expect(shown).toHaveLength(Math.min(count, 12));
  });

  it("has the lowest and the highest accuracies, and between them the middle", () => {
    const gallery = galleryAt(run, images, eps);
    const all = images.map((image) => worstAt(run, image, eps).accuracy!).sort((a, b) => a - b);
    const accuracies = (group: readonly RunRecord[]) => group.map(({ accuracy }) => accuracy!);
    expect(accuracies(gallery.worst)).toEqual(all.slice(0, 4));
    expect(accuracies(gallery.median)).toEqual(all.slice(8, 12));
    expect(accuracies(gallery.best)).toEqual(all.slice(-4));
  });

  it("leaves out images without a label, and keeps the order of the data among equals", () => {
    const equal = images.slice(0, 9).map(({ index, records }) => ({
      index,
      records: records.map((record) => ({ ...record, accuracy: index === 3 ? null : 0.5 })),
    }));
    const gallery = galleryAt(run, [...equal].reverse(), eps);
    expect(galleryGroups.map((group) => indices(gallery[group]))).toEqual([
      [0, 1, 2],
      [4, 5],
      [6, 7, 8],
    ]);
  });
});

describe("resampled figures", () => {
  const weights = (length: number) => fc.array(fc.nat(4), { minLength: length, maxLength: length });

  it("are the mean over the images as often as drawn, those without a figure left out", () => {
    const values = fc.array(fc.option(fc.integer({ min: -8, max: 8 }), { freq: 3 }), {
      minLength: 1,
      maxLength: 6,
    });
    const drawn = values.chain((list) => fc.tuple(fc.constant(list), weights(list.length)));
    fc.assert(
      fc.property(drawn, ([list, times]) => {
        const copies = list.flatMap((value, i) =>
          value === null ? [] : Array<number>(times[i]!).fill(value),
        );
        const expected = copies.reduce((sum, value) => sum + value, 0) / copies.length;
        expect(weightedMean(list)(Uint32Array.from(times))).toBe(expected);
      }),
    );
  });

  it("have no mIoU where no drawn image has a class", () => {
    const empty = { labels: [0, 0], correct: 0, valid: 0, intersection: [0, 0], union: [0, 0] };
    const whole = { labels: [4, 4], correct: 4, valid: 8, intersection: [1, 3], union: [4, 4] };
    const figure = weightedMIoU([empty, whole]);
    expect(figure(Uint32Array.of(2, 0))).toBeNaN();
    expect(figure(Uint32Array.of(1, 1))).toBe(0.5);
  });

  it("have an interval over the resamples in which the figure exists, or none", () => {
    const [sometimes, never, constant] = bootstrap(
      2,
      [([first]) => (first === 0 ? Number.NaN : first!), () => Number.NaN, () => -3],
      5,
    );
    // The first of two images is drawn once or twice in three of four resamples.
    expect([sometimes, never, constant]).toEqual([[1, 2], null, [-3, -3]]);
  });
});
