/** `saveImages`: perturbed images in the run folder, as they were counted. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { readNpy } from "../../src/data/formats/npy.js";
import { type PointEvent, runEvaluation } from "../../src/evaluate/index.node.js";
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

/** The images of a run folder by file name. */
const imagesOf = (out: string) =>
  new Map(
    readdirSync(join(out, "perturbed")).map((name) => [
      name,
      readNpy(readFileSync(join(out, "perturbed", name)), 1e6),
    ]),
  );

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

it("merge copies those of shards", async () => {
  const parts = [0, 1].map((index) => join(root, `part-${index}`));
  for (const [index, out] of parts.entries()) {
    await runEvaluation({ ...settings(), out, shard: { index, count: 2 } });
  }
  await mergeRuns(parts, join(root, "merged"));
  expect(imagesOf(join(root, "merged"))).toEqual(imagesOf(join(root, "whole")));
});

it("needs a run folder", async () => {
  await expect(runEvaluation(settings())).rejects.toThrow(
    "--save-images: images are stored in the run folder; give --out",
  );
});
