/** docs/protocols.md: the places it names exist, and what it says of VOC is what a plan does. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { classWeights, vocPublishedWeights } from "../../src/data/index.js";
import { type EvaluationInput, parseConfig } from "../../src/evaluate/index.js";
import { makePlan } from "../../src/evaluate/plan/plan.node.js";
import { writeModel } from "../../src/onnx/index.js";
import { tinyModel } from "../helpers/models.js";

/** A VOC of one image: two pixels of background, one of class 1, one void. */
const folder = mkdtempSync(join(tmpdir(), "seawall-protocols-"));
const model = join(folder, "model.onnx");

beforeAll(async () => {
  const root = join(folder, "VOC2012");
  for (const name of ["JPEGImages", "SegmentationClass", "ImageSets/Segmentation", "cache/seawall"])
    mkdirSync(join(root, name), { recursive: true });
  for (const split of ["val", "train_aug"])
    writeFileSync(join(root, "ImageSets/Segmentation", `${split}.txt`), "one\n");
  const pixels = { width: 2, height: 2, channels: 3 as const };
  const grey = await sharp({ create: { ...pixels, background: "grey" } })
    .jpeg()
    .toBuffer();
  writeFileSync(join(root, "JPEGImages/one.jpg"), grey);
  const labels = encode({ ...pixels, channels: 1, depth: 8, data: Uint8Array.of(0, 0, 1, 255) });
  writeFileSync(join(root, "SegmentationClass/one.png"), labels);
  writeFileSync(model, writeModel(tinyModel({ classes: 21 })));
  vi.stubEnv("XDG_CACHE_HOME", join(root, "cache"));
});

afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const planWith = (settings: Partial<EvaluationInput>) =>
  makePlan(
    parseConfig({
      ...{ model, data: `voc:${folder}`, eps: "4/255", attacks: "apgd:class-balanced-ce" },
      ...settings,
    }),
  );

it("P1, P16: under `authors` void is background and the weights are the published ones", async () => {
  const { data, classWeights: weights } = await planWith({ protocol: "authors" });
  expect(Array.from((await data.read(0)).labels!)).toEqual([0, 0, 1, 0]);
  expect(weights).toEqual(vocPublishedWeights);
});

it("under `strict` void counts nowhere and the weights are counted", async () => {
  const { data, classWeights: weights } = await planWith({});
  expect(Array.from((await data.read(0)).labels!)).toEqual([0, 0, 1, -1]);
  expect(weights).toEqual(classWeights([2, 1, ...new Array<number>(19).fill(0)]));
});

it("`--ignore-label 255` wins over `authors`", async () => {
  const { data } = await planWith({ protocol: "authors", ignoreLabel: 255 });
  expect(Array.from((await data.read(0)).labels!)).toEqual([0, 0, 1, -1]);
});
