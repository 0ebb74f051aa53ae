/** Gates: valid and invalid texts, and figures that do not exist, which must never pass. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeawallError } from "../../src/base/index.js";
import { checkGates, parseGate, type Result, summarize, withGates } from "../../src/journal/index.js";
import { describeWith, membersOf, recordsOf } from "./runs.js";

const run = describeWith();
const result = summarize(run, recordsOf(run));
const subjects = { members: ["apgd:mask-ce", "noise"], eps: ["4/255", "0.03"] };
const message = (expression: string) => {
  try {
    parseGate(expression, subjects);
  } catch (error) {
    expect(error).toBeInstanceOf(SeawallError);
    expect((error as SeawallError).code).toBe("config");
    return (error as Error).message;
  }
  throw new Error(`${expression} was accepted`);
};

describe("parseGate", () => {
  it("reads subject, figure, radius, comparison and threshold", () => {
    expect(parseGate("worst.mIoU@4/255>=0.60", subjects)).toEqual({
      text: "worst.mIoU@4/255>=0.60",
      subject: "worst",
      figure: "mIoU",
      eps: "4/255",
      operator: ">=",
      threshold: 0.6,
    });
    expect(parseGate("clean.aAcc>.9", subjects)).toMatchObject({
      eps: undefined,
      operator: ">",
      threshold: 0.9,
    });
    expect(parseGate("apgd:mask-ce.aAccPooled @ 0.030 ≥ 0.3", subjects)).toMatchObject({
      subject: "apgd:mask-ce",
      eps: "0.03",
      operator: ">=",
    });
  });

  it("reads the end of an interval over seeds, which a run of several seeds has", () => {
    const gate = parseGate("worst.mIoU @ 4/255  seeds-low >= 0.6", { ...subjects, seeds: 3 });
    expect(gate).toMatchObject({ figure: "mIoU", eps: "4/255", end: "seeds-low" });
    expect(gate.text).toBe("worst.mIoU@4/255 seeds-low>=0.6");
    expect(parseGate("worst.aAcc@4/255 seeds-high<1", { ...subjects, seeds: 2 }).end).toBe("seeds-high");
    expect(message("worst.mIoU@4/255 seeds-low>=0.6")).toMatch(/a run of one seed has no interval/);
    expect(message("noise.mIoU@4/255 seeds-low>=0.6")).toMatch(/those of worst\.aAcc and worst\.mIoU/);
    expect(message("worst.mIoULower@4/255 seeds-low>=0.6")).toMatch(/those of worst\.aAcc/);
    expect(message("worst.mIoU@4/255 seedslow>=0.6")).toMatch(/no radius|radius "/);
  });

  it("knows a radius by its value", () => {
    expect(parseGate(`worst.aAcc@${4 / 255}<1`, subjects).eps).toBe("4/255");
  });

  it.each([
    ["worst.mIoU", /expected SUBJECT\.FIGURE@RADIUS>=NUMBER/],
    ["worst.mIoU@4/255=0.6", /expected SUBJECT/],
    ["wurst.mIoU@4/255>=0.6", /unknown subject "wurst"; expected one of clean, worst, apgd:mask-ce, noise/],
    ["worst.miou@4/255>=0.6", /worst has no figure "miou"; expected one of aAcc/],
    ["worst.mAcc@4/255>=0.6", /worst has no figure "mAcc"/],
    ["noise.mIoULower@4/255>=0.6", /noise has no figure "mIoULower"/],
    ["worst.mIoU>=0.6", /the radius is missing; add one of @4\/255, @0\.03/],
    ["worst.mIoU@8/255>=0.6", /no radius 8\/255; expected one of @4\/255/],
    ["worst.mIoU@x>=0.6", /radius "x"/],
    ["clean.mIoU@4/255>=0.6", /the clean prediction has no radius/],
    ["clean.mIoU>=60", /got 60, expected a fraction in \[0, 1\]; write 0\.60/],
    ["clean.mIoU>=sixty", /got sixty, expected a fraction in \[0, 1\]/],
    ["clean.toString>=0.1", /no figure "toString"/],
  ])("refuses %s", (expression, problem) => {
    expect(message(expression)).toMatch(problem);
    expect(message(expression)).toContain(`gate "${expression}"`);
  });

  it("either reads a text or refuses it, in little time", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom("", "worst.mIoU@", "clean."), (text, head) => {
        try {
          expect(parseGate(head + text, subjects).threshold).toBeLessThanOrEqual(1);
        } catch (error) {
          expect(error).toBeInstanceOf(SeawallError);
        }
      }),
    );
    expect(message(`${"a.".repeat(50_000)}@`)).toMatch(/expected/);
  });
});

describe("checkGates", () => {
  const figure = result.robust[1]!.worst.mIoU;

  it("compares the figure that is named", () => {
    const [radius] = [result.robust[1]!.eps];
    const outcomes = checkGates(result, [
      `worst.mIoU@${radius}>=${figure}`,
      `worst.mIoU@${radius}>${figure}`,
      `worst.mIoU@${radius}<=${figure}`,
      `worst.mIoU@${radius}<${figure}`,
    ]);
    expect(outcomes.map(({ passed }) => passed)).toEqual([true, false, true, false]);
    expect(outcomes.map(({ value }) => value)).toEqual([figure, figure, figure, figure]);
  });

  it("tells subjects and radii apart", () => {
    const value = (gate: string) => checkGates(result, [gate])[0]!.value;
    expect(value("clean.mAcc>0")).toBe(result.clean.mAcc);
    expect(value("apgd:js.imageMIoU@4/255>0")).toBe(result.robust[0]!.attacks[2]!.imageMIoU);
    expect(value("apgd:js.imageMIoU@0.03>0")).toBe(result.robust[1]!.attacks[2]!.imageMIoU);
    expect(value("worst.mIoULower@4/255>0")).toBe(result.robust[0]!.worst.mIoULower);
  });

  it("compares an end of the interval over seeds", () => {
    const members = [
      ...membersOf("noise"),
      ...membersOf("noise#2").map((member) => ({ ...member, seed: 1 })),
    ];
    const repeated = describeWith({ protocol: { members } });
    const spread = summarize(repeated, recordsOf(repeated));
    const { interval } = spread.uncertainty![1]!.seeds!.mIoU;
    const ends = ["seeds-low", "seeds-high"].map((end) => `worst.mIoU@0.03 ${end}<=1`);
    const outcomes = checkGates(spread, ends);
    expect(outcomes.map(({ value }) => value)).toEqual([...interval]);
    expect(outcomes.map(({ gate }) => gate)).toEqual(ends);
    expect(() => checkGates({ ...spread, uncertainty: [] }, ends)).toThrow(/no mIoU for worst/);
  });

  it("passes nothing without gates and never passes an absent figure", () => {
    expect(checkGates(result, [])).toEqual([]);
    const incomplete: Result = { ...result, robust: [] };
    expect(() => checkGates(incomplete, ["worst.mIoU@4/255<1"])).toThrow(/no mIoU for worst/);
  });
});

describe("gates on figures that are no evidence", () => {
  const failed: Result = {
    ...result,
    soundness: [
      { check: "logits", status: "fail", detail: "" },
      { check: "steps", status: "warn", detail: "" },
      { check: "logits", status: "fail", detail: "" },
    ],
  };
  const gates = ["clean.aAcc>=0", "clean.aAcc<=1", "clean.aAcc<0"];

  it("do not pass where a check failed, whichever way they point", () => {
    expect(checkGates(result, gates).map(({ passed }) => passed)).toEqual([true, true, false]);
    for (const outcome of checkGates(failed, gates))
      expect(outcome).toMatchObject({ passed: false, failedChecks: ["logits"] });
  });

  it("are judged by their figures if the caller insists, which the outcome says", () => {
    const outcomes = checkGates(failed, gates, { despiteChecks: true });
    expect(outcomes.map(({ passed }) => passed)).toEqual([true, true, false]);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ failedChecks: ["logits"], despiteChecks: true });
    expect(checkGates(result, gates, { despiteChecks: true })).toEqual(checkGates(result, gates));
  });

  it("pass if every check that failed is one that the caller allows", () => {
    const two: Result = {
      ...failed,
      soundness: [...failed.soundness, { check: "labels", status: "fail", detail: "" }],
    };
    const [some] = checkGates(two, ["clean.aAcc>=0"], { allow: ["labels"] });
    expect(some).toMatchObject({ passed: false, failedChecks: ["logits"] });
    const [all] = checkGates(two, ["clean.aAcc>=0"], { allow: ["labels", "logits", "steps"] });
    expect(all).toMatchObject({ passed: true, failedChecks: ["logits", "labels"], despiteChecks: true });
    const [below] = checkGates(two, ["clean.aAcc<0"], { allow: ["labels", "logits"] });
    expect(below!.passed).toBe(false);
  });

  it("do not pass where images are missing, whatever the caller says", () => {
    const partial: Result = { ...result, data: { ...result.data, missingImages: 1 } };
    for (const outcome of checkGates(partial, gates, { despiteChecks: true }))
      expect(outcome).toMatchObject({ passed: false, missingImages: 1 });
  });

  it("do not pass on what is not a number, whichever way they point", () => {
    const broken: Result = { ...result, clean: { ...result.clean, aAcc: Number.NaN } };
    const all = ["clean.aAcc>=0", "clean.aAcc<=1", "clean.aAcc>0", "clean.aAcc<1"];
    expect(checkGates(broken, all).map(({ passed }) => passed)).toEqual([false, false, false, false]);
  });
});

it("are part of a result only where there are some", () => {
  const value = result.clean.aAcc;
  const soundness = [{ check: "ball", status: "fail" as const, detail: "" }];
  const { gates } = withGates(summarize(run, recordsOf(run), { soundness }), ["clean.aAcc>=0"]);
  expect(gates).toEqual([{ gate: "clean.aAcc>=0", value, passed: false, failedChecks: ["ball"] }]);
  expect(withGates(result, [])).toEqual(result);
});
