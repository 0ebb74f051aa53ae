/** `saveImages`: perturbed images in the run folder, as they were counted. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { readNpy } from "../../src/data/formats/npy.js";
import { type PointEvent, runEvaluation, verifyRun } from "../../src/evaluate/index.node.js";
import { slotOf } from "../../src/journal/index.js";
import { mergeRuns, readRun } from "../../src/journal/index.node.js";
import { writeModel } from "../../src/onnx/index.js";
import { folderWith, greyPng } from "../data/pixels.js";
import { tinyModel } from "../helpers/models.js";

const [height, width] = [12, 16];
let root: string;

beforeAll(async () => {
  const png = (seed: number) =>
    greyPng(
      height,
      width,
      Array.from({ length: height * width }, (_, i) => (i * seed) % 256),
    );
  root = await folderWith({
    "model.onnx": writeModel(tinyModel({ channels: 1 })),
    "images/a.png": png(37),
    "images/b.png": png(41),
  });
});

const settings = () => ({
  model: join(root, "model.onnx"),
  data: `folder:${join(root, "images")}`,
  labels: "self" as const,
  eps: "0.1,0.2",
  attacks: "apgd:ce,noise",
  steps: 3,
  parallel: 1,
  saveImages: true,
});

/** The files of a run folder's perturbed images, of one type, by name. */
const filesOf = (out: string, ending: string) =>
  new Map(
    readdirSync(join(out, "perturbed"))
      .filter((name) => name.endsWith(ending))
      .map((name) => [name, readFileSync(join(out, "perturbed", name))]),
  );
const imagesOf = (out: string) =>
  new Map([...filesOf(out, ".npy")].map(([name, bytes]) => [name, readNpy(bytes, 1e6)]));

it("stores every image that is counted, bit for bit, named by image and slot", async () => {
  const out = join(root, "whole");
  const points: PointEvent[] = [];
  await runEvaluation({ ...settings(), out }, { onPoint: (point) => void points.push(point) });
  const run = readRun(out).description;
  const stored = imagesOf(out);
  expect(stored.size).toBe(2 * (1 + 2 * 2));
  for (const { record, point } of points) {
    expect(stored.get(`${record.index}-${slotOf(run, record)}.npy`)).toEqual({
      shape: [1, height, width],
      type: "float32",
      data: point,
    });
  }
});

it("stores each as a PNG too, at which the model is right as often as the record's evidence says", async () => {
  const out = join(root, "bytes");
  const points: PointEvent[] = [];
  await runEvaluation(
    { ...settings(), eps: "1.5/255,2.5/255", out },
    { onPoint: (point) => void points.push(point) },
  );
  const pictures = filesOf(out, ".png");
  expect(pictures.size).toBe(points.length);
  const run = readRun(out).description;
  const attacked = points.filter(({ attack }) => attack !== "clean");
  const nameOf = ({ record }: PointEvent) => `${record.index}-${slotOf(run, record)}`;
  const stored = await folderWith({
    ...Object.fromEntries(
      attacked.map(nameOf).map((name) => [`images/${name}.png`, pictures.get(`${name}.png`)!]),
    ),
    ...Object.fromEntries(
      attacked.map((point) => [
        `labels/${nameOf(point)}.png`,
        greyPng(height, width, Array.from(point.labels)),
      ]),
    ),
  });
  const right = new Map<string, number>();
  const data = `folder:${join(stored, "images")},${join(stored, "labels")}`;
  await runEvaluation(
    { ...settings(), data, labels: "truth", saveImages: false, attacks: "noise" },
    { onPoint: ({ record }) => void (record.attack === "clean" && right.set(record.image, record.correct)) },
  );
  const rounded = attacked.map(({ record }) => record.evidence?.rounded);
  expect(attacked.map((point) => right.get(nameOf(point)))).toEqual(rounded);
  // Else the floats would pass, too.
  expect(rounded).not.toEqual(attacked.map(({ record }) => record.correct));
});

it("merge copies those of shards", async () => {
  const parts = [0, 1].map((index) => join(root, `part-${index}`));
  for (const [index, out] of parts.entries()) {
    await runEvaluation({ ...settings(), out, shard: { index, count: 2 } });
  }
  await mergeRuns(parts, join(root, "merged"));
  expect(imagesOf(join(root, "merged"))).toEqual(imagesOf(join(root, "whole")));
});

it("can be verified, which stores nothing", async () => {
  expect(await verifyRun(join(root, "whole"), { sample: 4 })).toMatchObject({ match: true });
});

it("needs a run folder", async () => {
  await expect(runEvaluation(settings())).rejects.toThrow(
    "--save-images: images are stored in the run folder; give --out",
  );
});
