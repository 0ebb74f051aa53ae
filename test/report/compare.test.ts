/** Comparison of stored runs: pairing, figures, intervals, errors, and gates on differences. */
import { describe, expect, it } from "vitest";
import { randomStream } from "../../src/base/index.js";
import { memberNames, type RunDescription, type RunRecord, summarize } from "../../src/journal/index.js";
import type { CheckedRun } from "../../src/journal/index.node.js";
import { meanDifference, meanIoU, sumCounts } from "../../src/metric/index.js";
import {
  bootstrap,
  resampleCount,
  weightedMean,
  weightedMIoU,
} from "../../src/metric/uncertainty/bootstrap.js";
import {
  type Comparison,
  checkComparisonGates,
  compareRuns,
  comparisonLines,
} from "../../src/report/index.js";
import { describeWith, facts, membersOf, recordsOf } from "../journal/runs.js";

const description = describeWith({ data: { images: 30 } });
const records = recordsOf(description);
/** Runs without a failed check. */
const soundness: CheckedRun["soundness"] = [];
const run: CheckedRun = { description, records, soundness };

/** The same run for another model. Attacks have no effect on it, except on images for which `spared` is true. */
function defended(spared: (index: number) => boolean) {
  const clean = new Map(
    records.filter(({ attack }) => attack === "clean").map((record) => [record.image, record]),
  );
  const changed = records.map((record): RunRecord => {
    if (record.attack === "clean" || spared(record.index)) return record;
    const { accuracy, correct, intersection, union } = clean.get(record.image)!;
    return { ...record, accuracy, correct, intersection, union };
  });
  return {
    description: describeWith({ data: { images: 30 }, model: { file: "other.onnx" } }),
    records: changed,
    soundness,
  };
}

const better = defended((index) => index % 2 === 0);
const row = ({ rows }: Comparison, subject: string, eps: string | null = null) =>
  rows.find((entry) => entry.subject === subject && entry.eps === eps)!;

describe("compareRuns", () => {
  it("has the figures that each run's own result has", () => {
    const comparison = compareRuns(run, better);
    const results = [run, better].map(({ description, records }) => summarize(description, records));
    for (const [i, side] of (["a", "b"] as const).entries()) {
      const { clean, robust } = results[i]!;
      expect(row(comparison, "clean").aAcc[side]).toBeCloseTo(clean.aAcc, 12);
      expect(row(comparison, "clean").mIoU![side]).toBe(clean.mIoU);
      for (const { eps, worst, attacks } of robust) {
        expect(row(comparison, "worst", eps).aAcc[side]).toBeCloseTo(worst.aAcc, 12);
        expect(row(comparison, "worst", eps).mIoU![side]).toBe(worst.mIoU);
        for (const { name, aAcc } of attacks)
          expect(row(comparison, name, eps).aAcc[side]).toBeCloseTo(aAcc, 12);
      }
    }
  });

  it("finds nothing between a run and itself", () => {
    const { rows, differences } = compareRuns(run, run);
    expect(differences).toEqual([]);
    expect(rows).toHaveLength(1 + 2 * 4);
    for (const { aAcc, mIoU, same, changed } of rows) {
      expect([aAcc.difference, aAcc.interval]).toEqual([0, [0, 0]]);
      expect([mIoU!.difference, mIoU!.interval]).toEqual([0, [0, 0]]);
      expect([same, changed]).toEqual([30, []]);
    }
  });

  it("lists the images that changed most, and counts the others", () => {
    const { higher, lower, same, changed, aAcc } = row(
      compareRuns(run, better, { top: 3 }),
      "worst",
      "4/255",
    );
    expect([higher, lower, same]).toEqual([15, 0, 15]);
    expect(changed).toHaveLength(3);
    const sizes = changed.map(({ difference }) => difference);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(changed.every(({ image }) => Number(image.split("-")[1]) % 2 === 1)).toBe(true);
    expect(aAcc.interval![0]).toBeGreaterThan(0);
    expect(aAcc.difference).toBeGreaterThan(aAcc.interval![0]);
    expect(aAcc.difference).toBeLessThan(aAcc.interval![1]);
  });

  it("turns every sign when the runs change places", () => {
    const [one, other] = [compareRuns(run, better), compareRuns(better, run)];
    for (const [i, { aAcc, mIoU }] of one.rows.entries()) {
      expect(aAcc.difference).toBeCloseTo(-other.rows[i]!.aAcc.difference, 12);
      expect(mIoU!.interval![0]).toBeCloseTo(-other.rows[i]!.mIoU!.interval![1], 12);
    }
  });

  it("is the same whatever the order of records, and another for another seed", () => {
    const turned = { ...run, records: [...records].reverse() };
    expect(compareRuns(turned, better)).toEqual(compareRuns(run, better));
    const seeded = compareRuns(run, better, { seed: 1 });
    expect(row(seeded, "worst", "4/255").aAcc.interval).not.toEqual(
      row(compareRuns(run, better), "worst", "4/255").aAcc.interval,
    );
  });

  const changed = (change: (record: RunRecord) => RunRecord, other: RunDescription = description) => ({
    description: other,
    records: records.map(change),
    soundness,
  });
  const changes: [string, Parameters<typeof compareRuns>[1], RegExp][] = [
    [
      "other steps",
      withOther({
        protocol: {
          members: facts.protocol.members.map((one, i) => (i === 0 ? { ...one, steps: 10 } : one)),
        },
      }),
      /protocol\.members\.0\.steps: 300 in the first, 10 in the second/,
    ],
    ["another accounting", withOther({ protocol: { accounting: "authors" } }), /protocol\.accounting/],
    ["another list of images", withOther({ data: { listSha256: "0".repeat(64) } }), /data\.listSha256/],
    [
      "another content of an image",
      changed((record) => (record.index === 4 ? { ...record, hash: "other" } : record)),
      /content of 1 of 30 images \(the first: "image-4"\)/,
    ],
    ["missing records", { ...run, records: records.slice(0, -1) }, /second run is not complete: 1 of 30/],
  ];

  it.each(changes)(
    "refuses runs with %s, and names it when they are compared all the same",
    (_, b, named) => {
      expect(() => compareRuns(run, b)).toThrow(named);
      expect(() => compareRuns(run, b)).toThrow(/--allow-different/);
      const { differences } = compareRuns(run, b, { allowDifferent: true });
      expect(differences).toEqual([expect.stringMatching(named)]);
    },
  );

  it("compares what both have", () => {
    const members = ["apgd:js", "noise"];
    const other = describeWith({
      protocol: { members: membersOf(...members), eps: ["0.03", "8/255"] },
      data: { images: 30 },
    });
    const comparison = compareRuns(
      run,
      { description: other, records: recordsOf(other), soundness },
      { allowDifferent: true },
    );
    expect(comparison.rows.map(({ subject, eps }) => [subject, eps])).toEqual([
      ["clean", null],
      ["apgd:js", "0.03"],
      ["worst", "0.03"],
    ]);
    expect(row(comparison, "apgd:js", "0.03").aAcc.difference).toBe(0);
    expect(comparison.a.attacks).toEqual(memberNames(description.protocol));
    expect(comparison.b.attacks).toEqual(members);
  });

  it("has no mIoU across numbers of classes", () => {
    const other = describeWith({ model: { classes: 5 }, data: { images: 30 } });
    const b = { description: other, records: recordsOf(other), soundness };
    const comparison = compareRuns(run, b, { allowDifferent: true });
    expect(comparison.differences).toContain("model.classes: 4 in the first, 5 in the second");
    expect(comparison.rows.every(({ mIoU }) => mIoU === null)).toBe(true);
    expect(() => checkComparisonGates(comparison, ["worst.mIoU@4/255 diff>=-1"])).toThrow(
      /different numbers of classes/,
    );
  });

  it("refuses runs that have no image in common", () => {
    const renamed = changed((record) => ({ ...record, image: `other-${record.index}` }));
    expect(() => compareRuns(run, renamed, { allowDifferent: true })).toThrow(/no image is complete in both/);
    expect(() => compareRuns(run, { ...run, records: [] })).toThrow(/no image is complete in both/);
  });

  it("says it in lines", () => {
    const text = comparisonLines(compareRuns(run, better)).join("\n");
    expect(text).toMatch(/30 images in both runs\. A: model\.onnx, B: other\.onnx/);
    expect(text).toMatch(/\nworst case +4\/255 +0\.\d{4} +0\.\d{4} +\+0\.\d{4} +\[\+0\.\d{4}, \+0\.\d{4}\]/);
    expect(text).toMatch(/clean: aAcc is higher in 0, lower in 0, the same in 30 of 30 images/);
    expect(text).not.toContain("rough guide");
  });
});

function withOther(change: Parameters<typeof describeWith>[0] = {}) {
  const other = describeWith({ ...change, data: { images: 30, ...change.data } });
  return { description: other, records, soundness };
}

describe("the noise of a difference", () => {
  const seeded = (change: object = {}) => {
    const members = [undefined, 1, 2].flatMap((seed) =>
      membersOf("apgd:js", "apgd:mask-ce").map((member) =>
        seed === undefined ? member : { ...member, name: `${member.name}#${seed + 1}`, seed },
      ),
    );
    const description = describeWith({
      data: { images: 30 },
      protocol: { members, attacks: "sea" },
      ...change,
    });
    return { description, records: recordsOf(description), soundness };
  };
  const a = seeded();
  const weaker = (record: RunRecord): RunRecord =>
    record.attack === "clean" ? record : a.records.find((own) => own.image === record.image)!;
  const b = {
    ...a,
    records: a.records.map((record) => ({ ...weaker(record), attack: record.attack, eps: record.eps })),
  };

  it("of starts is Welch's interval of the single seeds' worst cases", () => {
    const [of, other] = [a, b].map(({ description, records }) =>
      summarize(description, records).uncertainty![0]!.seeds!.single.map(({ mIoU }) => mIoU),
    );
    expect(row(compareRuns(a, b), "worst", "4/255").mIoU!.starts).toEqual(meanDifference(of!, other!));
    expect(row(compareRuns(a, b), "clean").aAcc.starts).toBeNull();
  });

  it("is called beyond or within, or unknown where there is one seed", () => {
    const lines = (x: CheckedRun, y: CheckedRun) => comparisonLines(compareRuns(x, y)).join("\n");
    expect(lines(a, b)).toMatch(
      /aAcc: the difference is beyond the noise of other images; beyond the noise of other starts, \[\+0/,
    );
    expect(lines(a, a)).toMatch(
      /mIoU: the difference is within the noise of other images; within the noise of other starts, \[-0/,
    );
    expect(lines(run, better)).toContain("unknown for other starts (eval --seeds 3 for both runs)");
    expect(row(compareRuns(run, better), "worst", "4/255").aAcc.starts).toBeNull();
  });
});

describe("bootstrap", () => {
  it("has the width of the normal approximation where that holds", () => {
    const values = [...randomStream("values").normal(400)];
    const [interval] = bootstrap(400, [weightedMean(values)], 0);
    const mean = values.reduce((sum, value) => sum + value, 0) / 400;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 400;
    const half = 1.96 * Math.sqrt(variance / 400);
    // With 2000 resamples, an end of the interval has an error of about 4 % of its half width.
    expect(Math.abs(interval![0] - (mean - half))).toBeLessThan(0.15 * half);
    expect(Math.abs(interval![1] - (mean + half))).toBeLessThan(0.15 * half);
  });

  it("weighs an image as often as it is drawn", () => {
    const images = records.filter(({ attack }) => attack === "apgd:js").slice(0, 5);
    const weights = Uint32Array.of(0, 3, 1, 0, 1);
    const drawn = [1, 1, 1, 2, 4].map((i) => images[i]!);
    expect(weightedMIoU(images)(weights)).toBeCloseTo(meanIoU(sumCounts(drawn))!, 12);
    expect(weightedMean([5, 1, null, 7, 3])(weights)).toBe((3 * 1 + 3) / 4);
  });

  it("draws as many images as there are, and says nothing of one", () => {
    const sums: number[] = [];
    const count = (weights: Uint32Array) => sums.push(weights.reduce((sum, weight) => sum + weight, 0));
    bootstrap(7, [count], 0);
    expect(sums).toHaveLength(resampleCount);
    expect(new Set(sums)).toEqual(new Set([7]));
    expect(bootstrap(1, [() => 1], 0)).toEqual([null]);
  });
});

describe("checkComparisonGates", () => {
  const comparison = compareRuns(better, run);
  const { difference, interval } = row(comparison, "worst", "4/255").mIoU!;

  it("compares the difference and the ends of its interval", () => {
    const outcomes = checkComparisonGates(comparison, [
      `worst.mIoU@4/255 diff>=${difference.toFixed(12)}`,
      "worst.mIoU@4/255 diff >= -0.0001",
      "worst . mIoU @ 4/255 low<0",
      "worst.mIoU@4/255 high ≥ -1",
      "clean.aAcc diff>=0",
    ]);
    expect(outcomes.map(({ value }) => value)).toEqual([
      difference,
      difference,
      interval![0],
      interval![1],
      0,
    ]);
    expect(outcomes.slice(1).map(({ passed }) => passed)).toEqual([false, true, true, true]);
    expect(outcomes[2]!.gate).toBe("worst.mIoU@4/255 low<0");
  });

  it.each([
    ["worst.mIoU@4/255>=0.6", /expected SUBJECT\.FIGURE@RADIUS diff>=NUMBER/],
    ["worst.mIoU@4/255 delta>=0", /expected SUBJECT/],
    ["diff>=0", /expected SUBJECT/],
    ["worst.mIoU@4/255 toString>=0", /expected SUBJECT/],
    ["worst.mIoU@8/255 diff>=0", /no radius 8\/255; expected one of @4\/255, @0\.03/],
    ["noise.mIoU@4/255 diff>=0", /unknown subject "noise"; expected one of clean, worst, apgd/],
    ["worst.imageMIoU@4/255 diff>=0", /worst has no figure "imageMIoU"; expected one of aAcc, mIoU/],
    ["worst.mIoU@4/255 diff>=-1.5", /got -1\.5, expected a difference in \[-1, 1\]/],
    ["worst.mIoU@4/255 diff>=-1%", /got -1%, expected .*; write -0\.01 for one percentage point less/],
  ])("refuses %s", (expression, problem) => {
    expect(() => checkComparisonGates(comparison, [expression])).toThrow(problem);
    expect(() => checkComparisonGates(comparison, [expression])).toThrow(`gate "${expression}"`);
  });

  it("never passes an interval that is not there", () => {
    const one = describeWith({ data: { images: 1 } });
    const alone = { description: one, records: recordsOf(one), soundness };
    const single = compareRuns(alone, alone);
    expect(checkComparisonGates(single, ["clean.aAcc diff>=0"])[0]!.passed).toBe(true);
    expect(() => checkComparisonGates(single, ["clean.aAcc low>=-1"])).toThrow(/no interval/);
  });

  it("passes none where a check of either run failed, unless the caller insists", () => {
    const broken: CheckedRun = {
      ...run,
      soundness: [
        { check: "logits", status: "fail", detail: "" },
        { check: "steps", status: "warn", detail: "" },
      ],
    };
    const gates = ["clean.aAcc diff>=-1", "clean.aAcc diff<=1"];
    for (const [a, b, failed] of [
      [broken, better, ["A: logits"]],
      [better, broken, ["B: logits"]],
      [broken, broken, ["A: logits", "B: logits"]],
    ] as const) {
      const unsound = compareRuns(a, b);
      for (const outcome of checkComparisonGates(unsound, gates))
        expect(outcome).toMatchObject({ passed: false, failedChecks: failed });
      for (const outcome of checkComparisonGates(unsound, gates, { despiteChecks: true }))
        expect(outcome).toMatchObject({ passed: true, failedChecks: failed, despiteChecks: true });
    }
    const lines = comparisonLines(compareRuns(better, broken)).join("\n");
    expect(lines).toContain("the figures of B are no evidence: checks failed (logits)");
    expect(lines).not.toContain("the figures of A");
  });
});
