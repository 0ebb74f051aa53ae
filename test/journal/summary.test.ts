import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatJson } from "../../src/base/index.js";
import {
  memberNames,
  memoryJournal,
  missingOf,
  type RunRecord,
  resultSchema,
  sortRecords,
  summarize,
} from "../../src/journal/index.js";
import {
  authorsWorstCase,
  imageAccuracy,
  imageMeanIoU,
  meanAccuracy,
  meanIoU,
  perClassIoU,
  pixelAccuracy,
  sumCounts,
  worstCase,
} from "../../src/metric/index.js";
import { noiseTable } from "../metric/tables.js";
import { describeWith, membersOf, recordFor, recordsOf } from "./runs.js";

const run = describeWith();
const records = recordsOf(run);
const of = (eps: string, attack: string) => records.filter((r) => r.eps === eps && r.attack === attack);
const table = (eps: string) => memberNames(run.protocol).map((attack) => of(eps, attack));
const bytes = (list: Iterable<RunRecord>, description = run) => formatJson(summarize(description, list));

describe("the result", () => {
  const result = summarize(run, records, {
    soundness: [{ check: "gradient", status: "pass", detail: "1e-4" }],
  });

  it("has the promised shape", () => {
    expect(resultSchema.parse(JSON.parse(formatJson(result)))).toEqual(result);
    expect(Object.keys(result)).toEqual([
      ...["schemaVersion", "protocol", "model", "data", "clean", "robust", "uncertainty"],
      ...["cost", "soundness"],
    ]);
    expect(result).toMatchObject({
      schemaVersion: 2,
      protocol: { attacks: "sea-2024", members: run.protocol.members, accounting: "strict", seed: 0 },
      model: { file: "model.onnx", classes: 4 },
      data: { spec: "folder:images,labels", images: 5, labels: "truth" },
      robust: [{ eps: "4/255" }, { eps: "0.03" }],
      cost: { forward: 5 * (1 + 6 * 303), backward: 5 * 6 * 300, seconds: 5 * (0.25 + 6 * 1.5) },
      soundness: [{ check: "gradient", status: "pass", detail: "1e-4" }],
    });
    expect(result.data).not.toHaveProperty("missingImages");
  });

  it("has the figures of the definitions", () => {
    const clean = of("0", "clean");
    expect(result.clean).toEqual({
      aAcc: imageAccuracy(clean),
      aAccPooled: pixelAccuracy(sumCounts(clean)),
      mAcc: meanAccuracy(sumCounts(clean)),
      mIoU: meanIoU(sumCounts(clean)),
      perClassIoU: perClassIoU(sumCounts(clean)),
      imageMIoU: imageMeanIoU(clean),
    });
    const pixels = clean.reduce((sum, record) => sum + record.pixels, 0);
    const valid = clean.reduce((sum, record) => sum + record.valid, 0);
    expect(result.data.ignoredPixels).toBe((pixels - valid) / pixels);
    expect(result.clean.aAcc).not.toBe(result.clean.aAccPooled);
  });

  it("has attacks and worst case at each radius, in the order of the run", () => {
    for (const { eps, worst, attacks, strict } of result.robust) {
      expect(attacks.map(({ name }) => name)).toEqual(memberNames(run.protocol));
      expect(attacks.map(({ mIoU }) => mIoU)).toEqual(table(eps).map((counts) => meanIoU(sumCounts(counts))));
      const { choice: _, ...figures } = worstCase(table(eps), { seed: 0 });
      expect(worst).toEqual(figures);
      expect(strict).toBeUndefined();
    }
  });

  it("ends with a newline", () => {
    expect(formatJson({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}\n');
  });
});

describe("the authors' accounting", () => {
  it.each([
    ["2023", "2023"],
    ["2024", "2024"],
    [undefined, "2024"],
  ] as const)("of published version %s is that of %s, with the strict one beside it", (stated, version) => {
    const publishedVersion = stated && { publishedVersion: stated };
    const authors = describeWith({ protocol: { accounting: "authors", ...publishedVersion } });
    const { robust } = summarize(authors, records);
    for (const { eps, worst, strict } of robust) {
      const { choice: _, ...published } = authorsWorstCase(table(eps), version);
      expect(worst).toEqual({ ...strict, ...published });
      expect(strict).toEqual(summarize(run, records).robust.find((entry) => entry.eps === eps)!.worst);
    }
    expect(robust.some(({ worst, strict }) => worst.mIoU !== strict!.mIoU)).toBe(true);
  });
});

describe("the order of records", () => {
  it("changes no byte", () => {
    const whole = bytes(records);
    fc.assert(
      fc.property(fc.shuffledSubarray(records, { minLength: records.length }), (shuffled) => {
        expect(bytes(shuffled)).toBe(whole);
        expect(sortRecords(run, shuffled)).toEqual(records);
      }),
      { numRuns: 50 },
    );
  });

  it("and repetition change no byte: the first of a key counts", () => {
    const again = records.map((record) => ({ ...record, seconds: 99 }));
    expect(bytes([...records, ...again])).toBe(bytes(records));
  });
});

describe("a run with gaps", () => {
  const gap = records.filter(
    ({ index, eps, attack }) => !(index === 2 && eps === "0.03" && attack === "apgd:js"),
  );

  it("is refused, with what is missing", () => {
    expect(() => summarize(run, gap)).toThrow(
      "1 of 35 records are missing, of 1 of 5 images (the first: image 2, apgd:js at radius 0.03)",
    );
    expect(() => summarize(run, records.slice(0, 8))).toThrow(
      "27 of 35 records are missing, of 4 of 5 images (the first: image 1, apgd:class-balanced-ce at radius 4/255)",
    );
    expect(() => summarize(run, records.slice(7))).toThrow("the first: image 0)");
  });

  it("is summed up over its complete images on request, at its whole cost", () => {
    const result = summarize(run, gap, { partial: true });
    const complete = summarize(
      describeWith({ data: { images: 5 } }),
      records.filter(({ index }) => index !== 2),
      { partial: true },
    );
    expect(result.data).toMatchObject({ images: 4, missingImages: 1 });
    expect(result.robust).toEqual(complete.robust);
    expect(result.cost.backward).toBe(34 * 300 - 5 * 300);
  });

  it("is never a result of nothing", () => {
    expect(() => summarize(run, [], { partial: true })).toThrow("no image of the run is complete");
    expect(() => summarize(run, records.slice(0, 3), { partial: true })).toThrow(
      "no image of the run is complete",
    );
  });

  it("counts what it lacks", () => {
    expect(missingOf(run, gap)).toMatchObject({ expected: 35, records: 1, images: 5, incompleteImages: 1 });
    expect(missingOf(run, records)).toMatchObject({ records: 0, incompleteImages: 0, first: undefined });
    const shard = describeWith({ shard: { index: 1, count: 2 } });
    expect(missingOf(shard, [])).toMatchObject({ expected: 14, images: 2, first: "image 1" });
    expect(missingOf(shard, recordsOf(shard).slice(0, 7)).first).toBe("image 3");
  });
});

describe("records that contradict each other", () => {
  const change = (at: number, changed: Partial<RunRecord>) =>
    records.map((record, i) => (i === at ? { ...record, ...changed } : record));

  it.each([
    [change(3, { image: "other" }), 'image 0 ("image-0") has another id'],
    [change(3, { hash: "other" }), "has another hash in the record of apgd:js at radius 4/255"],
    [change(3, { pixels: 100 }), "another number of pixels"],
    [change(3, { labels: [1, 2, 3, 4] }), "another count of labels"],
    [
      records.map((r) => (r.index === 4 ? { ...r, image: "image-1" } : r)),
      'images 1 and 4 have the same id "image-1"',
    ],
    [change(3, { index: 9 }), "image 9; the run has images 0 to 4"],
    [change(3, { eps: "8/255" }), 'no attack "apgd:js" at radius 8/255'],
    [change(3, { attack: "clean" }), 'no attack "clean" at radius 4/255'],
    [change(3, { labels: [1] }), "1 classes; the run has 4"],
    [change(3, { maxDelta: 0.02 }), "maxDelta 0.02 is above 4/255"],
  ])("are refused (%#)", (list, message) => {
    expect(() => summarize(run, list)).toThrow(message);
    expect(() => summarize(run, list)).toThrow(expect.objectContaining({ code: "journal" }));
  });
});

it("the worst case is searched with the seed of the run", () => {
  const noise = noiseTable(200);
  const figures = Array.from({ length: 20 }, (_, seed) => {
    const seeded = describeWith({ protocol: { seed, eps: ["4/255"] }, model: { classes: 5 } });
    const list = recordsOf(seeded).map((record) => {
      const counts = noise[Math.max(0, memberNames(seeded.protocol).indexOf(record.attack))]![record.index]!;
      return { ...record, ...counts, pixels: 12, accuracy: pixelAccuracy(counts) };
    });
    const { mIoU } = summarize(seeded, list).robust[0]!.worst;
    expect(mIoU).toBe(worstCase(noise, { seed }).mIoU);
    return mIoU;
  });
  expect(new Set(figures).size).toBeGreaterThan(1);
});

it("a shard has no result of another shard's images", () => {
  const shard = describeWith({ shard: { index: 0, count: 2 } });
  expect(summarize(shard, recordsOf(shard))).toMatchObject({
    shard: { index: 0, count: 2 },
    data: { images: 3 },
  });
  expect(() => summarize(shard, records)).toThrow("image 1 does not belong to the run's shard");
});

it("an image without a labelled pixel counts in no figure; a set of such images has no result", () => {
  const blank = (record: RunRecord): RunRecord => {
    const none = [0, 0, 0, 0];
    return { ...record, accuracy: null, correct: 0, valid: 0, intersection: none, union: none, labels: none };
  };
  const one = summarize(
    run,
    records.map((record) => (record.index === 1 ? blank(record) : record)),
  );
  const without = summarize(
    run,
    records.filter(({ index }) => index !== 1),
    { partial: true },
  );
  expect(one.clean).toEqual(without.clean);
  expect(one.robust).toEqual(without.robust);
  expect(one.data.ignoredPixels).toBeGreaterThan(without.data.ignoredPixels);
  expect(() => summarize(run, records.map(blank))).toThrow(
    "no pixel of the 5 images has a label that counts; check --classes and --ignore-label",
  );
});

describe("the journal in memory", () => {
  it("keeps records in order and knows its keys", async () => {
    const journal = memoryJournal(run);
    for (const record of records.slice(0, 3)) await journal.append(record);
    expect(await journal.records()).toEqual(records.slice(0, 3));
    expect(journal.has(records[2]!)).toBe(true);
    expect(journal.has(records[3]!)).toBe(false);
    expect(() => journal.has({ ...records[2]!, hash: "other" })).toThrow('image "image-0" has changed');
  });

  it("calls a wrong record our own mistake", async () => {
    const journal = memoryJournal(run);
    const [first] = records as [RunRecord];
    await journal.append(first);
    await expect(journal.append(first)).rejects.toThrow("internal: record of image");
    const wrong = (change: Partial<RunRecord>) =>
      journal.append({ ...recordFor(run, 1, "0", "clean"), ...change });
    await expect(wrong({ seconds: Number.NaN })).rejects.toThrow("internal: ");
    await expect(wrong({ correct: 3 })).rejects.toThrow("intersection does not sum to correct");
    await expect(wrong({ accuracy: 0.123 })).rejects.toThrow("accuracy is not correct / valid");
    await expect(wrong({ index: 7 })).rejects.toThrow("image 7; the run has images 0 to 4");
  });
});

describe("rounds", () => {
  const members = [
    ...membersOf("apgd:js"),
    ...[1, 2, 3].map((round) => ({ ...membersOf(`round${round}:polish:ce`)[0]!, round })),
  ];
  const run = describeWith({ protocol: { members, eps: ["4/255"], leastGain: 0.01 } });
  const [first, , , last] = members.map(({ name }) => name);
  /** The second round gives steps to one image alone, the third one to none; else records repeat the first attack's. */
  const records = recordsOf(run).map((record) => {
    const round = members.find(({ name }) => name === record.attack)?.round;
    if (round === undefined) return record;
    if (round === 1 || (round === 2 && record.index === 0)) return { ...record, steps: 30 };
    return { ...recordFor(run, record.index, "4/255", first!), attack: record.attack, steps: 0 };
  });

  it("that took no step are left out, and the last one is told", () => {
    const { protocol, robust, rounds } = summarize(run, records);
    expect(protocol.members.map(({ name }) => name)).not.toContain(last);
    expect(robust[0]!.attacks).toHaveLength(3);
    expect(rounds).toMatchObject([{ eps: "4/255", seed: 0, rounds: 2 }]);
  });

  it("do not stand for an attack that is left out and that they repeat", () => {
    const without = summarize(run, records).robust[0]!.attacks[0]!.without!;
    const lowest = records
      .filter(({ attack }) => attack === "clean")
      .map(({ index }) => {
        const own = records.filter((one) => one.index === index && (one.steps ?? 0) > 0);
        return Math.min(...own.map(({ accuracy }) => accuracy!));
      });
    expect(without.aAcc).toBeCloseTo(lowest.reduce((sum, share) => sum + share, 0) / lowest.length, 12);
  });
});
