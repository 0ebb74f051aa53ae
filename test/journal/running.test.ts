/** Figures while a run is going are those of the records so far, and at the end those of the result. */
import { expect, it } from "vitest";
import { memberNames, RunningFigures, summarize } from "../../src/journal/index.js";
import { imageAccuracy } from "../../src/metric/index.js";
import { describeWith, recordsOf } from "./runs.js";

const run = describeWith();
const records = recordsOf(run);

it("has the result's figures when all is there, in whatever order it came", () => {
  const figures = new RunningFigures(run, [...records].reverse());
  const { robust } = summarize(run, records);
  for (const { eps, attacks, worst } of robust) {
    for (const { name, aAcc, mIoU } of attacks)
      expect(figures.figures(name, eps)).toMatchObject({ aAcc, mIoU });
    const last = figures.figures(attacks.at(-1)!.name, eps);
    expect(last.worst).toEqual({ aAcc: worst.aAcc, mIoU: worst.mIoU });
    expect(last.seconds).toBe(1.5 * run.data.images);
  }
});

it("takes the worst case of the attacks up to the one that is asked for", () => {
  const figures = new RunningFigures(run, records);
  const [first, second] = memberNames(run.protocol) as [string, string];
  expect(figures.figures(first, "4/255").worst).toEqual({
    aAcc: figures.soFar(first, "4/255").aAcc,
    mIoU: figures.soFar(first, "4/255").mIoU,
  });
  expect(figures.figures(second, "4/255").worst).toEqual(figures.worst([first, second], "4/255"));
});

it("speaks of the images that have met an attack", () => {
  const figures = new RunningFigures(run);
  expect(figures.soFar("apgd:js", "0.03")).toEqual({ images: 0, aAcc: null, mIoU: null, seconds: 0 });
  const own = records.filter(({ attack, eps }) => attack === "apgd:js" && eps === "0.03");
  for (const record of own.slice(0, 2)) figures.add(record);
  expect(figures.soFar("apgd:js", "0.03")).toMatchObject({ images: 2, aAcc: imageAccuracy(own.slice(0, 2)) });
});
