/** Shards of images of mixed sizes: divided by cost, resumed as they began, merged to the whole run. */
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { describePlan } from "../../src/evaluate/describe.node.js";
import { type EvaluationInput, parseConfig } from "../../src/evaluate/index.js";
import { runEvaluation, verifyRun } from "../../src/evaluate/index.node.js";
import { makePlan } from "../../src/evaluate/plan/plan.node.js";
import { divisionOf } from "../../src/evaluate/plan/shards.node.js";
import type { RunDescription } from "../../src/journal/index.js";
import { mergeRuns, openRun, readDescription, readRun } from "../../src/journal/index.node.js";
import { writeModel } from "../../src/onnx/index.js";
import { folderWith, noise, rgbPng } from "../data/pixels.js";
import { tinyModel } from "../helpers/models.js";

const sizes = [4, 5, 6, 30, 7];
let root: string;

beforeAll(async () => {
  const image = (width: number, i: number) =>
    [`images/${i}.png`, rgbPng(4, width, noise(12 * width + i).slice(0, 12 * width))] as const;
  root = await folderWith({
    "model.onnx": writeModel(tinyModel()),
    ...Object.fromEntries(sizes.map(image)),
  });
});

const settings = (change: Partial<EvaluationInput> = {}): EvaluationInput => ({
  ...{ model: join(root, "model.onnx"), data: `folder:${join(root, "images")}`, labels: "self" },
  ...{ eps: "0.05", attacks: "noise,apgd:ce", steps: 4, parallel: 1, report: false, ...change },
});
const folder = (name: string) => join(root, name);
const shard = (index: number, name: string, change: Partial<EvaluationInput> = {}) =>
  runEvaluation(settings({ shard: { index, count: 2 }, out: folder(name), ...change }));
const imagesIn = (name: string) =>
  [...new Set(readRun(folder(name)).records.map(({ index }) => index))].sort();
const figures = ({ records }: ReturnType<typeof readRun>) =>
  records.map(({ seconds: _, ...record }) => record);

it("they have about as many pixels each, and together are the whole run", async () => {
  await runEvaluation(settings({ out: folder("whole") }));
  const notices: string[] = [];
  for (const index of [0, 1]) {
    const config = settings({ shard: { index, count: 2 }, out: folder(`part-${index}`) });
    await runEvaluation(config, { onNotice: (sentence) => notices.push(sentence) });
  }
  expect([imagesIn("part-0"), imagesIn("part-1")]).toEqual([[3], [0, 1, 2, 4]]);
  expect(notices).toContain(
    "shard 2/2: 4 of the 5 images, chosen so that all shards have about as many pixels",
  );
  const merged = await mergeRuns([folder("part-0"), folder("part-1")], folder("merged"));
  const whole = readRun(folder("whole"));
  const ordered = await mergeRuns([folder("part-1"), folder("part-0")], folder("merged again"));
  expect(figures(merged)).toEqual(figures(ordered));
  const byImage = (a: { index: number }, b: { index: number }) => a.index - b.index;
  expect(figures(merged)).toEqual(figures(whole).sort(byImage));
  expect(await verifyRun(folder("part-1"))).toMatchObject({ match: true });
});

it("one that began with every n-th image goes on with every n-th", async () => {
  const config = settings({ shard: { index: 0, count: 2 }, out: folder("older"), resume: true });
  const plan = await makePlan(parseConfig(config), [], undefined, { index: 0, count: 2 });
  const older: RunDescription = describePlan(plan, []);
  expect(older.shard).toEqual({ index: 0, count: 2 });
  (await openRun(folder("older"), older)).close();
  await runEvaluation(config);
  expect(imagesIn("older")).toEqual([0, 2, 4]);
});

it("--costs divides by the seconds of another run, which a resumed one needs no more", async () => {
  const { description, records } = readRun(folder("whole"));
  const timed = await openRun(folder("timed"), description);
  // Image 0 took longest; the last record of image 4 is missing, so that its pixels count.
  for (const record of records.slice(0, -1)) {
    await timed.append({ ...record, seconds: record.index === 0 ? 100 : 1 });
  }
  timed.close();
  await shard(0, "costly", { costs: folder("timed") });
  expect(readDescription(folder("costly")).shard).toEqual({ index: 0, count: 2, images: [0] });
  await shard(0, "costly", { costs: folder("gone"), resume: true });
  expect(imagesIn("costly")).toEqual([0]);

  const { costOf } = divisionOf(
    parseConfig(settings({ shard: { index: 0, count: 2 }, costs: folder("timed") })),
  );
  const [first, second, , , last] = sizes.map((width, i) => costOf!(`${i}`, { height: 4, width }));
  const [seconds, pixels] = [300 + 3 * 3, 4 * (4 + 5 + 6 + 30)];
  expect([first, second, last]).toEqual([300e6, 3e6, Math.round(((1e6 * seconds) / pixels) * 4 * 7)]);
});

it("with windows, the pixels of every window count", () => {
  const window: EvaluationInput = settings({
    shard: { index: 0, count: 2 },
    window: [10, 10],
    stride: [5, 5],
  });
  const { costOf } = divisionOf(parseConfig(window));
  expect(costOf!("", { height: 10, width: 20 })).toBe(3 * 10 * 10);
  expect(costOf!("", { height: 4, width: 10 })).toBe(4 * 10);
});

it("--costs without --shard, or of a run without records, is refused", async () => {
  await expect(runEvaluation(settings({ costs: folder("whole") }))).rejects.toThrow(/give --shard too/);
  const description = readDescription(folder("whole"));
  (await openRun(folder("empty"), description)).close();
  await expect(shard(0, "none", { costs: folder("empty") })).rejects.toThrow(
    /empty: no record of this run says how long it took/,
  );
});
