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

      worst case without   aAcc at 4/255     mIoU
      apgd:mask-ce                0.8800   0.7500
      noise                       0.3000   0.2000"
    `);
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
