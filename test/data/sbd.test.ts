/** VOC's images with the masks of SBD: lists, splits, and what they share with VOC's validation set. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { openData, openTrainingData, overlap, trainingBatches } from "../../src/data/index.node.js";
import { sbdMask } from "./mat.js";
import { folderWith, greyPng, noise, rgbPng } from "./pixels.js";

const jpeg = (seed: number) =>
  sharp(noise(90 + seed).slice(0, 90), { raw: { height: 5, width: 6, channels: 3 } })
    .jpeg()
    .toBuffer();

/** Three training images and two for validation, the last of which is in VOC's val too. */
async function benchmark() {
  const names = ["2008_1", "2008_2", "2008_3", "2008_4", "2008_5"];
  const files: Record<string, Uint8Array | string> = {
    "VOCaug/dataset/train.txt": "2008_3\n2008_1\n2008_2\n",
    "VOCaug/dataset/val.txt": "2008_4\n2008_5\n",
    "VOC2012/ImageSets/Segmentation/val.txt": "2008_5\n",
    "VOC2012/SegmentationClass/2008_5.png": greyPng(5, 6, new Uint8Array(30)),
    "VOC2012/JPEGImages/2008_5.jpg": await jpeg(4),
  };
  for (const [i, name] of names.entries()) {
    files[`VOCaug/dataset/img/${name}.jpg`] = await jpeg(i);
    files[`VOCaug/dataset/cls/${name}.mat`] = sbdMask(5, 6, Array(30).fill(i));
  }
  return folderWith(files);
}

describe("sbd", () => {
  it("reads masks as classes, none of them void", async () => {
    const root = await benchmark();
    const train = await openTrainingData(`sbd:${root}`);
    expect(train).toMatchObject({
      ids: ["2008_3", "2008_1", "2008_2"],
      settings: { split: "train", classes: 21 },
    });
    expect(await train.readLabels(0)).toEqual(new Int32Array(30).fill(2));
    expect((await train.read(2)).image.dims).toEqual([3, 5, 6]);
    expect((await openData(`sbd:${join(root, "VOCaug")}`)).ids).toEqual(["2008_4", "2008_5"]);
  });

  it("has both lists as trainval, in the published order", async () => {
    const { ids } = await openTrainingData(`sbd:${await benchmark()}`, { split: "trainval" });
    expect(ids).toEqual(["2008_3", "2008_1", "2008_2", "2008_4", "2008_5"]);
  });

  it("trains", async () => {
    const data = await openTrainingData(`sbd:${await benchmark()}`, { split: "trainval" });
    const augment = { crop: { height: 4, width: 4 }, scale: [1, 1] as const };
    const stream = trainingBatches(data, { batchSize: 5, seed: 0, augment, workers: 0 });
    for await (const { ids, labels } of stream.batches()) {
      expect(ids.map((_, i) => labels[16 * i])).toEqual(ids.map((id) => BigInt(Number(id.slice(5)) - 1)));
      break;
    }
    await stream.dispose();
  });
});

describe("the overlap of two sets", () => {
  it("is what SBD shares with VOC's val", async () => {
    const root = await benchmark();
    const val = await openData(`voc:${root}`);
    const shared = await overlap(await openTrainingData(`sbd:${root}`, { split: "trainval" }), val);
    expect(shared).toEqual({ sameFile: ["2008_5"], sameName: [] });
    expect(await overlap(await openTrainingData(`sbd:${root}`), val)).toEqual({ sameFile: [], sameName: [] });
    await writeFile(join(root, "VOCaug/dataset/img/2008_5.jpg"), await jpeg(9));
    const stored = await openTrainingData(`sbd:${root}`, { split: "trainval" });
    expect(await overlap(stored, val)).toEqual({ sameFile: [], sameName: ["2008_5"] });
  });

  it("sees equal files under other names, and tells equal sizes from equal files", async () => {
    const pictures = [1, 2, 3].map((first) => rgbPng(4, 4, noise(48).with(0, first)));
    expect(new Set(pictures.map(({ length }) => length)).size).toBe(1);
    const flat = greyPng(4, 4, new Uint8Array(16));
    const set = async (images: Record<string, Uint8Array>) => {
      const files = Object.entries(images).flatMap(([name, image]) => [
        [`images/${name}.png`, image],
        [`labels/${name}.png`, flat],
      ]);
      const root = await folderWith(Object.fromEntries(files));
      return openData(`folder:${join(root, "images")},${join(root, "labels")}`, { classes: 2 });
    };
    const train = await set({ a: pictures[0]!, b: pictures[1]! });
    const val = await set({ c: pictures[1]!, a: pictures[2]! });
    expect(await overlap(train, val)).toEqual({ sameFile: ["b"], sameName: ["a"] });
  });
});
