/** Cityscapes: its folders, its label ids, and what is said where a download is missing. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openData, openTrainingData, trainingBatches } from "../../src/data/index.node.js";
import { folderWith, greyPng, rgbPng } from "./pixels.js";

const image = () => rgbPng(2, 3);
const labels = (...values: number[]) => greyPng(2, 3, values);

/** An image of a city with its label file. */
function scene(split: string, city: string, frame: string, stored: Uint8Array, kind = "labelIds") {
  const name = `${city}_${frame}`;
  return {
    [`leftImg8bit/${split}/${city}/${name}_leftImg8bit.png`]: image(),
    [`gtFine/${split}/${city}/${name}_gtFine_${kind}.png`]: stored,
  };
}

const ids = labels(7, 33, 0, 255, 23, 29);
const files = {
  ...scene("val", "munster", "000001_000019", labels(26, 26, 26, 26, 26, 26)),
  ...scene("val", "frankfurt", "000001_000019", labels(11, 11, 11, 11, 11, 11)),
  ...scene("val", "frankfurt", "000000_000294", ids),
  ...scene("train", "aachen", "000000_000019", labels(8, 8, 8, 8, 8, 8)),
  "leftImg8bit/val/frankfurt/notes.txt": "",
  "leftImg8bit/val/README": "",
};

describe("cityscapes", () => {
  it("lists all cities of val by name, and train for training", async () => {
    const root = await folderWith(files);
    const dataset = await openData(`cityscapes:${root}`);
    expect(dataset.ids).toEqual([
      "frankfurt_000000_000294",
      "frankfurt_000001_000019",
      "munster_000001_000019",
    ]);
    expect(dataset.settings).toMatchObject({ split: "val", classes: 19 });
    expect((await openTrainingData(`cityscapes:${root}`)).ids).toEqual(["aachen_000000_000019"]);
  });

  it("turns label ids into the 19 classes, and ignores all others", async () => {
    const dataset = await openData(`cityscapes:${await folderWith(files)}`);
    expect((await dataset.read(0)).labels).toEqual(Int32Array.of(0, 18, -1, -1, 10, -1));
    const nameOf = async (position: number) =>
      dataset.classNames![(await dataset.readLabels(position)).at(0)!];
    expect(await Promise.all([0, 1, 2].map(nameOf))).toEqual(["road", "building", "car"]);
    expect(dataset.classNames).toHaveLength(19);
    expect(dataset.classNames!.at(-1)).toBe("bicycle");
  });

  it("has the train id of every label id that the benchmark has", async () => {
    const benchmark = [
      ...[255, 255, 255, 255, 255, 255, 255, 0, 1, 255, 255, 2, 3, 4, 255, 255, 255],
      ...[5, 255, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255, 255, 16, 17, 18],
    ];
    const all = greyPng(2, 17, [...benchmark.keys()]);
    const root = await folderWith({
      "leftImg8bit/val/ulm/ulm_0_leftImg8bit.png": rgbPng(2, 17),
      "gtFine/val/ulm/ulm_0_gtFine_labelIds.png": all,
    });
    const { labels: read } = await (await openData(`cityscapes:${root}`)).read(0);
    expect([...read!]).toEqual(benchmark.map((id) => (id === 255 ? -1 : id)));
  });

  it("takes train ids where there are no label ids, image by image", async () => {
    const trainIds = labels(0, 18, 255, 255, 10, 255);
    const root = await folderWith({
      ...files,
      ...scene("val", "frankfurt", "000002_000000", trainIds, "labelTrainIds"),
    });
    const dataset = await openData(`cityscapes:${root}`);
    expect(await dataset.readLabels(0)).toEqual(await dataset.readLabels(2));
    const settings = { batchSize: 4, seed: 0, augment: { crop: { height: 2, width: 3 } }, workers: 0 };
    const stream = trainingBatches(dataset, settings);
    const first = await stream.batches()[Symbol.asyncIterator]().next();
    expect(first.value!.ids).toHaveLength(4);
    await stream.dispose();
  });

  it("refuses values that are no label id, in either coding", async () => {
    for (const [kind, value] of [
      ["labelIds", 34],
      ["labelTrainIds", 19],
    ] as const) {
      const wrong = scene("val", "ulm", "000000_000000", labels(value, 0, 0, 0, 0, 0), kind);
      const dataset = await openData(`cityscapes:${await folderWith(wrong)}`);
      await expect(dataset.read(0)).rejects.toThrow(
        `_gtFine_${kind}.png: label ${value} at row 0, column 0 is none of the 19 classes`,
      );
    }
  });

  it("says which download is missing", async () => {
    const images = { "leftImg8bit/val/ulm/ulm_0_leftImg8bit.png": image() };
    const root = await folderWith(images);
    await expect(openData(`cityscapes:${root}`)).rejects.toThrow(
      `${join(root, "gtFine", "val")}: no such folder; unpack gtFine_trainvaltest.zip, the labels of Cityscapes, in ${root}`,
    );
    expect((await openData(`cityscapes:${root}`, { labels: "self" })).ids).toEqual(["ulm_0"]);
    await expect(openData("cityscapes:nowhere")).rejects.toThrow("unpack leftImg8bit_trainvaltest.zip");
    const half = await folderWith({ ...images, "gtFine/val/other/x.png": image() });
    await expect(openData(`cityscapes:${half}`)).rejects.toThrow(
      /ulm_0_gtFine_labelIds\.png: no such file, the labels of "ulm_0"/,
    );
  });

  it("refuses coarse labels", async () => {
    const root = await folderWith({
      "leftImg8bit/train_extra/ulm/ulm_0_leftImg8bit.png": image(),
      "gtCoarse/train_extra/ulm/ulm_0_gtCoarse_labelIds.png": labels(0, 0, 0, 0, 0, 0),
    });
    await expect(openData(`cityscapes:${root}`, { split: "train_extra" })).rejects.toThrow(
      /the labels of split train_extra are the coarse ones, .* use --split train or val/,
    );
  });

  it("has no labels of the test split", async () => {
    const root = await folderWith(scene("test", "berlin", "000000_000019", labels(0, 0, 0, 0, 0, 0)));
    await expect(openData(`cityscapes:${root}`, { split: "test" })).rejects.toThrow(
      "--split test: Cityscapes publishes no labels of this split",
    );
    const images = await openData(`cityscapes:${root}`, { split: "test", labels: "self" });
    expect(images.ids).toEqual(["berlin_000000_000019"]);
  });
});
