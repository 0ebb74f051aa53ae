/** Tables on the terminal: figures in their places, aligned columns. */
import { describe, expect, it } from "vitest";
import { type Result, summarize } from "../../src/journal/index.js";
import {
  alignRows,
  formatDuration,
  formatFigure,
  invariantsLine,
  plural,
  resultLines,
} from "../../src/report/index.js";
import { describeWith, recordsOf } from "../journal/runs.js";

const run = describeWith();
const result = summarize(run, recordsOf(run));

const whole: Result = {
  ...result,
  uncertainty: [
    {
      eps: "4/255",
      images: { aAcc: { standardError: 0.02, interval: [0.21, 0.29] }, mIoU: { interval: [0.1, 0.15] } },
    },
  ],
  clean: { ...result.clean, aAcc: 0.9, mIoU: 0.8 },
  robust: [
    {
      eps: "4/255",
      worst: { ...result.robust[0]!.worst, aAcc: 0.25, mIoU: 0.125, mIoULower: 0.1 },
      attacks: [
        {
          ...result.robust[0]!.attacks[0]!,
          ...{ name: "apgd:mask-ce", aAcc: 0.3, mIoU: 0.2, without: { aAcc: 0.88, mIoU: 0.75 } },
        },
        {
          ...result.robust[0]!.attacks[1]!,
          ...{ name: "noise", aAcc: 0.88, mIoU: 0.75, without: { aAcc: 0.3, mIoU: 0.2 } },
        },
      ],
    },
  ],
};

describe("resultLines", () => {
  it("leave the ablation out of results that have none", () => {
    const attacks = whole.robust[0]!.attacks.map(({ without: _, ...figures }) => figures);
    const older = { ...whole, robust: [{ ...whole.robust[0]!, attacks }] };
    expect(resultLines(older).join("\n")).not.toContain("without");
  });

  it("sets clean, attacks and the bracketed worst case below each other", () => {
    expect(resultLines(whole).join("\n")).toMatchInlineSnapshot(`
      "5 images of folder:images,labels, 4 classes

      ε = 4/255        aAcc     mIoU
      clean          0.9000   0.8000
      apgd:mask-ce   0.3000   0.2000
      noise          0.8800   0.7500
      worst case     0.2500   0.1250   lower bound over these attacks: 0.1000

      how far the worst case may be off   aAcc               mIoU
      other images, 4/255                 0.2100 .. 0.2900   0.1000 .. 0.1500   95 % over 5 images, a rough guide
      other starts: unknown from one seed; --seeds 3 repeats the attacks with other starts

      worst case without   aAcc at 4/255     mIoU
      apgd:mask-ce                0.8800   0.7500
      noise                       0.3000   0.2000"
    `);
  });

  it("say how far single seeds lie apart, and nothing of it in results of earlier versions", () => {
    const figure = { mean: 0.27, deviation: 0.01, standardError: 0.005, interval: [0.26, 0.28] } as const;
    const single = [0, 1, 2, 3].map((seed) => ({ seed, aAcc: 0.27, mIoU: 0.27 }));
    const seeds = { single, aAcc: figure, mIoU: figure, imageDeviation: 0.03 };
    const repeated = { ...whole, uncertainty: [{ ...whole.uncertainty![0]!, seeds }] };
    expect(resultLines(repeated).join("\n")).toMatch(
      /other starts, 4\/255 +0\.2600 \.\. 0\.2800 +0\.2600 \.\. 0\.2800 +95 % for the mean of single seeds; 4 seeds deviate by 0\.0100 and 0\.0100, on one image by 0\.0300/,
    );
    const { uncertainty: _, ...older } = whole;
    expect(resultLines(older).join("\n")).not.toContain("how far");
  });

  it("calls figures consistency when the model is its own reference", () => {
    const lines = resultLines({ ...whole, data: { ...whole.data, labels: "self" } }).join("\n");
    expect(lines).toMatch(/consistency, not accuracy/);
    expect(lines).toMatch(/ε = 4\/255 +consistency +consistency mIoU/);
    expect(lines).not.toMatch(/aAcc/);
  });

  it("says when figures are of a shard, of a part, or accounted as published", () => {
    const odd: Result = {
      ...whole,
      shard: { index: 1, count: 4 },
      data: { ...whole.data, missingImages: 2 },
      protocol: { ...whole.protocol, accounting: "authors" },
      robust: whole.robust.map((radius) => ({ ...radius, strict: { ...radius.worst, mIoU: 0.11 } })),
    };
    const lines = resultLines(odd).join("\n");
    expect(lines).toMatch(/shard 2 of 4/);
    expect(lines).toMatch(/not complete: 2 images missing/);
    expect(lines).toMatch(/published accounting/);
    expect(lines).toMatch(/worst case, strict +0\.2500 +0\.1100 +lower bound over these attacks: 0\.1000/);
  });

  it("has every radius of a real summary", () => {
    const text = resultLines(result).join("\n");
    for (const { eps, worst } of result.robust) {
      expect(text).toContain(`ε = ${eps}`);
      expect(text).toContain(formatFigure(worst.mIoU));
    }
  });
});

it("states the invariants", () => {
  const cost = { forward: 12_345, backward: 1, seconds: 75 };
  const line = invariantsLine(
    { ...whole, cost, data: { ...whole.data, images: 1, ignoredPixels: 0.031 } },
    4 / 255,
  );
  expect(line).toMatchInlineSnapshot(
    `"largest |δ| 0.01569 of ε up to 0.03 · 1 image · 3.1 % of pixels ignored · 12,345 forward and 1 backward passes in 1 min 15 s"`,
  );
  expect(invariantsLine(whole)).not.toMatch(/δ/);
});

describe("text", () => {
  it.each([
    [0.04, "0.0 s"],
    [9.94, "9.9 s"],
    [9.96, "10 s"],
    [59.4, "59 s"],
    [59.6, "1 min"],
    [200, "3 min 20 s"],
    [599.6, "10 min"],
    [3599, "1 h"],
    [3600, "1 h"],
    [7500, "2 h 5 min"],
    [86_399, "24 h"],
    [Number.POSITIVE_INFINITY, "unknown"],
  ])("writes %d seconds as %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it("counts in words", () => {
    expect([plural(1, "image"), plural(1234, "image"), plural(2, "class")]).toEqual([
      "1 image",
      "1,234 images",
      "2 classes",
    ]);
  });

  it("sets numbers to the right and words to the left", () => {
    expect(
      alignRows([
        ["a", "n"],
        ["long", "5"],
        ["b", "12.5"],
      ]),
    ).toEqual(["a         n", "long      5", "b      12.5"]);
    expect(
      alignRows([
        ["name", "x"],
        ["second", "y"],
      ]),
    ).toEqual(["name     x", "second   y"]);
  });
});
