/** Random records, in any order and with gaps, against slow and obvious references. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  arrange,
  memberNames,
  missingOf,
  RunningFigures,
  type RunRecord,
  slotOf,
  slotsOf,
  sortRecords,
  summarize,
} from "../../src/journal/index.js";
import { slotName } from "../../src/journal/record.js";
import { describeWith, membersOf, recordsOf } from "./runs.js";

const run = describeWith();
const all = recordsOf(run);
const shard = describeWith({ shard: { index: 1, count: 2 } });

/** Some records of the run, in any order, some of them twice. */
const records = fc.array(fc.constantFrom(...all), { maxLength: 60 });

/** The records that count: sorted by image, radius and attack as the run lists them; the first of equals. */
function reference(found: readonly RunRecord[]): RunRecord[] {
  const order = [
    ["0", "clean"],
    ...run.protocol.eps.flatMap((eps) => memberNames(run.protocol).map((a) => [eps, a])),
  ];
  const indices = Array.from({ length: run.data.images }, (_, i) => i);
  return indices.flatMap((index) =>
    order.flatMap(([eps, attack]) => {
      const first = found.find((r) => r.index === index && r.eps === eps && r.attack === attack);
      return first ? [first] : [];
    }),
  );
}

describe("arranging", () => {
  it("puts records in the order of the reference", () => {
    fc.assert(
      fc.property(records, (found) => {
        const arranged = arrange(run, found);
        expect(arranged.flatMap((image) => image.records)).toEqual(reference(found));
        expect(sortRecords(run, found)).toEqual(reference(found));
        expect(
          arranged.every(({ index, records }) => records.every((record) => record.index === index)),
        ).toBe(true);
        expect(sortRecords(run, sortRecords(run, found))).toEqual(sortRecords(run, found));
      }),
    );
  });

  it("keeps the first of records with the same key, whatever else they hold", () => {
    const slower = all.map((record) => ({ ...record, seconds: record.seconds + 1 }));
    expect(sortRecords(run, [...slower, ...all])).toEqual(slower);
    expect(sortRecords(run, [...all, ...slower])).toEqual(all);
  });

  it("counts what is missing as the reference does", () => {
    fc.assert(
      fc.property(records, (found) => {
        const there = reference(found);
        const complete = Array.from({ length: run.data.images }, (_, i) => i).filter(
          (i) => there.filter(({ index }) => index === i).length === slotsOf(run),
        );
        const missing = missingOf(run, found);
        expect(missing.expected).toBe(all.length);
        expect(missing.records).toBe(all.length - there.length);
        expect(missing.incompleteImages).toBe(run.data.images - complete.length);
        const gap = all.find((record) => !there.includes(record));
        if (gap === undefined) expect(missing.first).toBeUndefined();
        else if (there.some(({ index }) => index === gap.index))
          expect(missing.first).toBe(`image ${gap.index}, ${gap.attack} at radius ${gap.eps}`);
        else expect(missing.first).toBe(`image ${gap.index}`);
      }),
    );
  });

  it("counts a shard's own images alone", () => {
    const own = recordsOf(shard);
    expect(missingOf(shard, own)).toMatchObject({
      expected: own.length,
      records: 0,
      images: 2,
      incompleteImages: 0,
    });
    expect(missingOf(shard, []).first).toBe("image 1");
    expect(
      missingOf(
        shard,
        own.filter(({ index }) => index === 1),
      ).first,
    ).toBe("image 3");
    const late = describeWith({ shard: { index: 6, count: 7 } });
    expect(missingOf(late, [])).toMatchObject({ expected: 0, images: 0, first: undefined });
  });

  it("knows each slot by the name of its record, and back", () => {
    for (let slot = 0; slot < slotsOf(run); slot++) expect(slotOf(run, slotName(run, slot))).toBe(slot);
    expect(slotOf(run, { eps: "4/255", attack: "clean" })).toBeUndefined();
    expect(slotOf(run, { eps: "0", attack: "apgd:js" })).toBeUndefined();
    expect(slotOf(run, { eps: "8/255", attack: "apgd:js" })).toBeUndefined();
  });

  const [first, second] = [all[0]!, all[1]!];
  const other = { ...second, labels: [...second.labels].reverse() };
  it.each<[string, RunRecord[], RegExp]>([
    ["id", [first, { ...second, image: "another" }], /image 0 .* has another id in the record of apgd/],
    ["hash", [first, { ...second, hash: "another" }], /has another hash/],
    ["size", [first, { ...second, pixels: second.pixels + 1 }], /has another number of pixels/],
    ["labels", [first, other], /has another count of labels/],
    ["same id", [first, { ...all.at(-1)!, image: first.image }], /images 0 and 4 have the same id "image-0"/],
    ["classes", [{ ...first, labels: [1] }], /1 classes; the run has 4/],
    ["index", [{ ...first, index: 5 }], /image 5; the run has images 0 to 4/],
    ["attack", [{ ...first, attack: "noise" }], /the run has no attack "noise" at radius 0/],
    ["radius", [{ ...second, eps: "1/255" }], /at radius 1\/255/],
    ["clean |δ|", [{ ...first, maxDelta: 0.001 }], /maxDelta 0.001 is above 0/],
    ["|δ|", [{ ...second, maxDelta: 4 / 255 + 2e-6 }], /is above 4\/255/],
  ])("refuses a record with another %s", (_, given, message) => {
    expect(() => arrange(run, given)).toThrow(message);
  });

  it("allows |δ| the rounding of single precision and no image of another shard", () => {
    expect(arrange(run, [{ ...second, maxDelta: 4 / 255 + 5e-7 }])).toHaveLength(1);
    expect(() => arrange(shard, [first])).toThrow("image 0 does not belong to the run's shard");
  });
});

/** Share of labelled pixels that are right, averaged over the images that have one. */
function meanShare(found: readonly RunRecord[]): number {
  const shares = found.filter(({ valid }) => valid > 0).map(({ correct, valid }) => correct / valid);
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

function meanIoU(found: readonly RunRecord[]): number {
  const sum = (pick: (record: RunRecord) => number) =>
    found.reduce((total, record) => total + pick(record), 0);
  const classes = Array.from({ length: run.model.classes }, (_, k) => k);
  const ratios = classes
    .map((k) => [sum((r) => r.intersection[k]!), sum((r) => r.union[k]!)] as const)
    .filter(([, union]) => union > 0)
    .map(([intersection, union]) => intersection / union);
  return ratios.reduce((total, ratio) => total + ratio, 0) / ratios.length;
}

describe("the result of some complete images", () => {
  const indices = fc.uniqueArray(fc.integer({ min: 0, max: run.data.images - 1 }), { minLength: 1 });

  it("has the figures of sums by hand, whatever else is half done", () => {
    fc.assert(
      fc.property(indices, records, (chosen, more) => {
        const found = [...more, ...all.filter(({ index }) => chosen.includes(index))];
        const there = reference(found);
        const complete = there.filter(
          ({ index }) => there.filter((record) => record.index === index).length === slotsOf(run),
        );
        const of = (attack: string, eps: string) =>
          complete.filter((r) => r.attack === attack && r.eps === eps);
        const result = summarize(run, found, { partial: true });
        expect(result.data.images).toBe(of("clean", "0").length);
        expect(result.clean.aAcc).toBeCloseTo(meanShare(of("clean", "0")), 12);
        expect(result.clean.mIoU).toBeCloseTo(meanIoU(of("clean", "0")), 12);
        expect(result.cost.forward).toBe(there.reduce((sum, { forward }) => sum + forward, 0));
        for (const { eps, worst, attacks } of result.robust) {
          for (const { name, aAcc, mIoU } of attacks) {
            expect(aAcc).toBeCloseTo(meanShare(of(name, eps)), 12);
            expect(mIoU).toBeCloseTo(meanIoU(of(name, eps)), 12);
          }
          const lowest = of("clean", "0").map(({ index }) =>
            complete
              .filter((record) => record.index === index && record.eps === eps)
              .reduce((low, record) => (record.correct < low.correct ? record : low)),
          );
          expect(worst.aAcc).toBeCloseTo(meanShare(lowest), 12);
          expect(worst.mIoULower).toBeLessThanOrEqual(worst.mIoU + 1e-12);
          for (const { mIoU } of attacks) expect(worst.mIoU).toBeLessThanOrEqual(mIoU + 1e-12);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("running figures", () => {
  it("are those of the result over the images so far, at every image", () => {
    const running = new RunningFigures(run);
    for (let images = 1; images <= run.data.images; images++) {
      for (const record of all.filter(({ index }) => index === images - 1)) running.add(record);
      const result = summarize(
        run,
        all.filter(({ index }) => index < images),
        { partial: true },
      );
      const clean = running.soFar("clean", "0");
      expect([clean.images, clean.aAcc, clean.mIoU]).toEqual([images, result.clean.aAcc, result.clean.mIoU]);
      for (const { eps, worst, attacks } of result.robust) {
        for (const { name, aAcc, mIoU } of attacks)
          expect(running.soFar(name, eps)).toMatchObject({ images, aAcc, mIoU });
        const last = running.figures(attacks.at(-1)!.name, eps);
        expect(last.worst).toEqual({ aAcc: worst.aAcc, mIoU: worst.mIoU });
      }
    }
  });

  it("do not depend on the order of the records", () => {
    const shuffled = fc.shuffledSubarray(all, { minLength: all.length });
    const figures = (found: Iterable<RunRecord>) => {
      const running = new RunningFigures(run, found);
      return run.protocol.eps.flatMap((eps) => memberNames(run.protocol).map((a) => running.figures(a, eps)));
    };
    const expected = figures(all);
    fc.assert(
      fc.property(shuffled, (found) => {
        expect(figures(found)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  it("are null where nothing is there yet", () => {
    expect(new RunningFigures(run).soFar("apgd:js", "4/255")).toEqual({
      images: 0,
      aAcc: null,
      mIoU: null,
      seconds: 0,
    });
  });
});

it("the worst case of one attack is that attack", () => {
  const alone = describeWith({ protocol: { members: membersOf("apgd:js") } });
  for (const { worst, attacks } of summarize(alone, recordsOf(alone)).robust) {
    const [only] = attacks;
    expect(only).not.toHaveProperty("without");
    expect([worst.aAcc, worst.mIoU, worst.aAccPooled]).toEqual([only!.aAcc, only!.mIoU, only!.aAccPooled]);
  }
});
