/** Opening data sets: layouts, slices, label schemes, and what is wrong with them. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DataOptions, Dataset, Sample } from "../../src/data/index.js";
import { openData } from "../../src/data/index.node.js";
import { readAhead } from "../../src/data/reader.js";
import { folderWith, greyPng, noise, rgbPng } from "./pixels.js";

async function all(dataset: Dataset, positions?: Iterable<number>): Promise<Sample[]> {
  const samples: Sample[] = [];
  for await (const sample of dataset.samples(positions)) samples.push(sample);
  return samples;
}

const image = () => rgbPng(2, 3);
const labels = (...values: number[]) => greyPng(2, 3, values);
const flat = (value: number) => labels(value, value, value, value, value, value);

/** A folder set of images a, b, … whose labels are all 0, 1, … */
async function folderSet(count: number): Promise<string> {
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < count; i++) {
    const name = String.fromCharCode(97 + i);
    files[`images/${name}.png`] = rgbPng(2, 3, noise(18 + i).slice(0, 18));
    files[`labels/${name}.png`] = flat(i);
  }
  const root = await folderWith(files);
  return `folder:${join(root, "images")},${join(root, "labels")}`;
}

async function folderOf(files: Record<string, Uint8Array | string>): Promise<string> {
  const root = await folderWith({ "images/.hidden": "", "labels/.hidden": "", ...files });
  return `folder:${join(root, "images")},${join(root, "labels")}`;
}

describe("folder", () => {
  it("gives samples with image, labels and position", async () => {
    const dataset = await openData(await folderSet(3), { classes: 3 });
    expect(dataset).toMatchObject({
      name: "folder",
      length: 3,
      total: 3,
      ids: ["a", "b", "c"],
      classNames: undefined,
    });
    const samples = await all(dataset);
    expect(samples.map(({ id, index, labels: [first] = [] }) => [id, index, first])).toEqual([
      ["a", 0, 0],
      ["b", 1, 1],
      ["c", 2, 2],
    ]);
    expect(samples[0]!.image.dims).toEqual([3, 2, 3]);
    expect(new Set(samples.map(({ hash }) => hash)).size).toBe(3);
  });

  it("sorts by code unit, matches by name across types, and looks past other files", async () => {
    const spec = await folderOf({
      "images/b.PNG": image(),
      "images/a.png": image(),
      "images/Z.png": image(),
      "images/readme.txt": "",
      "images/.hidden.png": "",
      "labels/a.png": flat(0),
      "labels/b.png": flat(0),
      "labels/Z.png": flat(0),
      "labels/unused.png": flat(0),
    });
    expect((await openData(spec)).ids).toEqual(["Z", "a", "b"]);
  });

  it("needs no labels when the model itself is the reference", async () => {
    const root = await folderWith({ "a.png": image() });
    const dataset = await openData(`folder:${root}`, { labels: "self" });
    expect((await dataset.read(0)).labels).toBeUndefined();
    await expect(dataset.readLabels(0)).rejects.toThrow('"a" was opened without labels');
    await expect(openData(`folder:${root}`)).rejects.toThrow("names no labels; add them");
  });

  it.each([
    ["images/a.bmp", "a.bmp: this image type is not read; expected .jpg, .jpeg, .png"],
    ["images/a.jpg", "have the same name, so labels cannot be matched"],
  ])("refuses %s beside a.png", async (path, message) => {
    const spec = await folderOf({ "images/a.png": image(), [path]: image(), "labels/a.png": flat(0) });
    await expect(openData(spec)).rejects.toMatchObject({
      code: "data",
      message: expect.stringContaining(message),
    });
  });

  it("names an image without labels, and how many there are", async () => {
    const spec = await folderOf({
      "images/a.png": image(),
      "images/b.png": image(),
      "labels/a.png": flat(0),
    });
    await expect(openData(spec)).rejects.toThrow(
      /labels.b\.png: no such file, the labels of "b" \(missing for 1 of 2 images\); add it/,
    );
  });

  it("refuses an empty folder and one that is not there", async () => {
    await expect(openData(await folderOf({}))).rejects.toThrow("no image found; expected IMAGES/*");
    await expect(openData("folder:none,nowhere")).rejects.toThrow("none: no such folder; check --data");
  });

  it.each(["folder:", "folder:a,b,c", "folder:a,", "folder:,b", "images", "coco:ROOT", "__proto__:a", ":a"])(
    "refuses the spec %s",
    async (spec) => {
      await expect(openData(spec)).rejects.toMatchObject({ code: "usage" });
    },
  );

  it("has no splits", async () => {
    await expect(openData(await folderSet(1), { split: "val" })).rejects.toThrow(
      "two folders have no splits",
    );
  });
});

describe("labels", () => {
  it("are −1 where they have the ignore label", async () => {
    const spec = await folderOf({ "images/a.png": image(), "labels/a.png": labels(0, 1, 9, 9, 1, 0) });
    const { labels: read } = await (await openData(spec, { classes: 2, ignoreLabel: 9 })).read(0);
    expect(read).toEqual(Int32Array.of(0, 1, -1, -1, 1, 0));
  });

  it("out of range are named with file, value, place and remedy", async () => {
    const spec = await folderOf({ "images/a.png": image(), "labels/a.png": labels(0, 1, 1, 0, 1, 7) });
    const dataset = await openData(spec, { classes: 2, ignoreLabel: 255 });
    const message =
      /labels.a\.png: label 7 at row 1, column 2 is none of the 2 classes and not the ignore label \(255\); use --classes 8 .* --ignore-label 7/;
    await expect(dataset.read(0)).rejects.toThrow(message);
    await expect(dataset.readLabels(0)).rejects.toThrow(message);
  });

  it("are not checked against a number of classes that nobody said", async () => {
    const spec = await folderOf({ "images/a.png": image(), "labels/a.png": flat(200) });
    expect((await (await openData(spec)).read(0)).labels![0]).toBe(200);
  });

  it("of another size than the image are refused with both sizes", async () => {
    const spec = await folderOf({
      "images/a.png": image(),
      "labels/a.png": greyPng(3, 2, [0, 0, 0, 0, 0, 0]),
    });
    await expect((await openData(spec)).read(0)).rejects.toThrow(
      /images.a\.png has 3×2 pixels \(width×height\) and its labels .*labels.a\.png have 2×3; both must/,
    );
  });

  it("of colours, and damaged images, are refused by name", async () => {
    const spec = await folderOf({
      "images/a.png": image(),
      "labels/a.png": image(),
      "images/b.png": image().slice(0, 50),
      "labels/b.png": flat(0),
    });
    const dataset = await openData(spec);
    await expect(dataset.read(0)).rejects.toThrow(/labels.a\.png: it holds colours/);
    await expect(dataset.read(1)).rejects.toThrow(/images.b\.png: cannot be decoded/);
  });
});

describe("options from plain JavaScript", () => {
  it.each<[object, RegExp]>([
    [
      { voidAsBackground: true },
      /^options of openData: unknown voidAsBackground; expected some of .*labelVariant/,
    ],
    [
      { label_map: "reduce-zero", Limit: 3 },
      /unknown label_map, Limit; expected some of labels, split, .*labelMap/,
    ],
    [{ transform: { resize: 3 } }, /^transform: unknown resize; expected some of resizeShort, crop, size$/],
    [{ encoding: { exifOrientation: "ignore" } }, /^encoding: unknown exifOrientation; .*orientation/],
    [{ labels: "slef" }, /^labels: .*"truth"\|"self"/],
    [{ keepOthers: "no" }, /^keepOthers: .*boolean/],
  ])("that do not exist, or have no meaning, are refused: %j", async (options, message) => {
    const opened = openData("folder:nowhere", options as DataOptions);
    await expect(opened).rejects.toMatchObject({ code: "config", message: expect.stringMatching(message) });
  });
});

describe("slices", () => {
  const opened = async (options: DataOptions) => {
    const dataset = await openData(await folderSet(7), options);
    return { ids: dataset.ids.join(""), indices: (await all(dataset)).map(({ index }) => index), dataset };
  };

  it("offset and limit choose a part, whose positions count from 0", async () => {
    const { ids, indices } = await opened({ offset: 2, limit: 3 });
    expect([ids, indices]).toEqual(["cde", [0, 1, 2]]);
    expect((await opened({ limit: 99 })).ids).toBe("abcdefg");
  });

  it("shards take every n-th and keep the positions of the whole, and share its hash", async () => {
    const parts = await Promise.all(
      [0, 1, 2].map((index) => opened({ offset: 1, shard: { index, count: 3 } })),
    );
    expect(parts.map(({ ids }) => ids)).toEqual(["be", "cf", "dg"]);
    expect(parts.map(({ indices }) => indices)).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(parts.every(({ dataset }) => dataset.total === 6)).toBe(true);
  });

  it.each([
    [{ offset: 7 }, "--offset 7: the data set has 7 images"],
    [{ offset: -1 }, "--offset: expected a whole number of at least 0, got -1"],
    [{ limit: 0 }, "--limit: expected a whole number of at least 1, got 0"],
    [{ limit: 1.5 }, "--limit: expected a whole number"],
    [{ shard: { index: 3, count: 3 } }, "shard 3 (counted from 0) of 3 has none"],
    [{ limit: 2, shard: { index: 2, count: 3 } }, "has none of the 2 images; use fewer shards"],
  ])("%o is refused", async (options, message) => {
    await expect(openData(await folderSet(7), options)).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining(message),
    });
  });

  it("a sample is the same however it is reached", async () => {
    const spec = await folderSet(5);
    const whole = await all(await openData(spec));
    const shard = await openData(spec, { shard: { index: 1, count: 2 } });
    expect(await shard.read(1)).toEqual(whole[3]);
    const backwards = await all(await openData(spec, { readAhead: 0 }), [4, 3, 2, 1, 0]);
    expect(backwards.toReversed()).toEqual(whole);
  });

  it("the hash of the list changes with names and order, and is the same for all shards", async () => {
    const spec = await folderSet(4);
    const hashes = await Promise.all(
      [{}, { shard: { index: 1, count: 2 } }, { limit: 3 }, { offset: 1, limit: 3 }].map(
        async (options) => (await openData(spec, options)).listSha256,
      ),
    );
    expect(hashes[0]).toBe(hashes[1]);
    expect(new Set(hashes).size).toBe(3);
  });

  it("the hash of the files changes with their sizes, that of the list does not", async () => {
    const files = { "images/a.png": image(), "labels/a.png": labels(0, 1, 2, 0, 1, 2) };
    const before = await openData(await folderOf(files));
    const after = await openData(
      await folderOf({ ...files, "images/a.png": Buffer.concat([image(), Buffer.alloc(1)]) }),
    );
    expect(after.listSha256).toBe(before.listSha256);
    expect(after.filesSha256).not.toBe(before.filesSha256);
  });
});

describe("the stream", () => {
  it("reads a few ahead and no more", async () => {
    const started: number[] = [];
    const sample = await (await openData(await folderSet(1))).read(0);
    const stream = readAhead(
      [5, 6, 7, 8, 9],
      async (position) => {
        started.push(position);
        return sample;
      },
      2,
    );
    await stream.next();
    expect(started).toEqual([5, 6, 7]);
    await stream.return(undefined);
    expect(started).toEqual([5, 6, 7]);
  });

  it("reports a bad file when its turn comes, after the good ones", async () => {
    const spec = await folderOf({
      "images/a.png": image(),
      "images/b.png": "broken",
      "images/c.png": "broken",
      "labels/a.png": flat(0),
      "labels/b.png": flat(0),
      "labels/c.png": flat(0),
    });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { id } of (await openData(spec)).samples()) seen.push(id);
    })();
    await expect(reading).rejects.toThrow(/images.b\.png/);
    expect(seen).toEqual(["a"]);
  });
});

describe("camvid", () => {
  const files = {
    "val/x.png": image(),
    "valannot/x.png": labels(0, 10, 11, 11, 3, 3),
    "test/y.png": image(),
    "testannot/y.png": flat(1),
  };

  it("reads val by default, 11 being void", async () => {
    const root = await folderWith(files);
    const dataset = await openData(`camvid:${root}`);
    expect(dataset.classNames).toHaveLength(11);
    expect(dataset.settings).toMatchObject({ split: "val", classes: 11, ignoreLabel: 11 });
    expect((await dataset.read(0)).labels).toEqual(Int32Array.of(0, 10, -1, -1, 3, 3));
    expect((await openData(`camvid:${root}`, { split: "test" })).ids).toEqual(["y"]);
    await expect(openData(`camvid:${root}`, { split: "train" })).rejects.toThrow(
      /train: no such folder; check --data and --split/,
    );
  });

  it("can be told that void is a class", async () => {
    const root = await folderWith(files);
    const dataset = await openData(`camvid:${root}`, { classes: 12, ignoreLabel: -1 });
    expect(dataset.classNames).toBeUndefined();
    expect((await dataset.read(0)).labels![2]).toBe(11);
  });

  it("keeps its names when their number is repeated, and takes others", async () => {
    const root = await folderWith(files);
    expect((await openData(`camvid:${root}`, { classes: 11 })).classNames?.[3]).toBe("Road");
    const names = Array.from({ length: 11 }, (_, k) => `class ${k}`);
    expect((await openData(`camvid:${root}`, { classes: names })).classNames).toBe(names);
  });
});

describe("voc", () => {
  const voc = (below: string) => ({
    [`${below}ImageSets/Segmentation/val.txt`]: "x_2\nx_1\n",
    [`${below}ImageSets/Segmentation/train_aug.txt`]: "x_1\n",
    [`${below}JPEGImages/x_1.jpg`]: image(),
    [`${below}JPEGImages/x_2.jpg`]: image(),
    [`${below}JPEGImages/unlisted.jpg`]: image(),
    [`${below}SegmentationClass/x_1.png`]: flat(20),
    [`${below}SegmentationClass/x_2.png`]: labels(0, 255, 255, 0, 15, 15),
  });

  it.each(["", "VOC2012/", "VOCdevkit/VOC2012/"])(
    "is found in ROOT/%s, in the order of its list",
    async (below) => {
      const dataset = await openData(`voc:${await folderWith(voc(below))}`);
      expect(dataset.ids).toEqual(["x_2", "x_1"]);
      expect(dataset.classNames).toHaveLength(21);
      expect((await dataset.read(0)).labels).toEqual(Int32Array.of(0, -1, -1, 0, 15, 15));
    },
  );

  it("takes augmented masks for train_aug where there are some", async () => {
    const plain = await openData(`voc:${await folderWith(voc(""))}`, { split: "train_aug" });
    expect((await plain.read(0)).labels![0]).toBe(20);
    const root = await folderWith({ ...voc(""), "SegmentationClassAug/x_1.png": flat(7) });
    expect((await (await openData(`voc:${root}`, { split: "train_aug" })).read(0)).labels![0]).toBe(7);
    expect((await (await openData(`voc:${root}`)).read(1)).labels![0]).toBe(20);
  });

  it("counts void as background on demand, and only here", async () => {
    const root = await folderWith(voc(""));
    const dataset = await openData(`voc:${root}`, { labelVariant: "voidAsBackground" });
    expect((await dataset.read(0)).labels).toEqual(Int32Array.of(0, 0, 0, 0, 15, 15));
    expect(dataset.settings).toMatchObject({ labelVariant: "voidAsBackground", ignoreLabel: undefined });
    await expect(openData(await folderSet(1), { labelVariant: "voidAsBackground" })).rejects.toThrow(
      "--label-variant voidAsBackground: folder data has no such variant; leave it out",
    );
  });

  it.each([
    ["../x", 'got "../x"'],
    ["x_1\nx_1", 'got "x_1" twice'],
    [" \n", "ImageSets/Segmentation/val.txt: lists no image"],
  ])("refuses the list %j", async (list, message) => {
    const root = await folderWith({ ...voc(""), "ImageSets/Segmentation/val.txt": list });
    await expect(openData(`voc:${root}`)).rejects.toThrow(message);
  });

  it("names what is missing", async () => {
    await expect(openData("voc:nowhere")).rejects.toThrow(
      "nowhere: expected a folder JPEGImages in nowhere or in",
    );
    const root = await folderWith({ ...voc(""), "ImageSets/Segmentation/val.txt": "x_1\nx_3" });
    await expect(openData(`voc:${root}`)).rejects.toThrow(
      /x_3\.jpg: no such file, the image of "x_3" \(missing for 1 of 2 images\)/,
    );
    await expect(openData(`voc:${root}`, { split: "test" })).rejects.toThrow(/test\.txt: no such file/);
  });
});

describe("ade20k", () => {
  const sample = { "images/a.jpg": image(), "annotations/a.png": labels(0, 1, 150, 0, 2, 2) };
  const challenge = {
    "ADEChallengeData2016/images/validation/v.jpg": image(),
    "ADEChallengeData2016/annotations/validation/v.png": flat(0),
    "ADEChallengeData2016/images/training/t.jpg": image(),
    "ADEChallengeData2016/annotations/training/t.png": flat(0),
  };

  it("has 151 classes, 0 being other", async () => {
    const dataset = await openData(`ade20k:${await folderWith(sample)}`);
    expect(dataset.classNames).toHaveLength(151);
    expect([0, 1, 5, 140, 150].map((k) => dataset.classNames![k])).toEqual([
      "other",
      "wall",
      "tree",
      "fan",
      "flag",
    ]);
    expect((await dataset.read(0)).labels).toEqual(Int32Array.of(0, 1, 150, 0, 2, 2));
  });

  it("has 150 classes when other counts nowhere", async () => {
    const dataset = await openData(`ade20k:${await folderWith(sample)}`, { labelVariant: "reduceZeroLabel" });
    expect(dataset.classNames).toHaveLength(150);
    expect(dataset.classNames![0]).toBe("wall");
    expect((await dataset.read(0)).labels).toEqual(Int32Array.of(-1, 0, 149, -1, 1, 1));
  });

  it("is found in its folder, validation first, and splits have short names", async () => {
    const root = await folderWith(challenge);
    expect((await openData(`ade20k:${root}`)).ids).toEqual(["v"]);
    expect((await openData(`ade20k:${root}`, { split: "train" })).ids).toEqual(["t"]);
    expect(
      (await openData(`ade20k:${join(root, "ADEChallengeData2016")}`, { split: "validation" })).ids,
    ).toEqual(["v"]);
  });

  it("refuses a split that an excerpt does not have", async () => {
    await expect(openData(`ade20k:${await folderWith(sample)}`, { split: "val" })).rejects.toThrow(
      /validation: no such folder/,
    );
  });
});

describe("transforms", () => {
  it("come before the hash, and move labels and image alike", async () => {
    const data = noise(20 * 30 * 3);
    const spec = await folderOf({
      "images/a.png": rgbPng(20, 30, data),
      "labels/a.png": greyPng(
        20,
        30,
        noise(600).map((value) => value % 5),
      ),
    });
    const whole = await (await openData(spec)).read(0);
    const dataset = await openData(spec, { transform: { resizeShort: 10, crop: [8, 12] } });
    const cut = await dataset.read(0);
    expect([cut.height, cut.width, cut.labels?.length]).toEqual([8, 12, 96]);
    expect(cut.image.dims).toEqual([3, 8, 12]);
    expect(cut.hash).not.toBe(whole.hash);
    expect(await dataset.readLabels(0)).toEqual(cut.labels);
  });

  it("name the image that a crop does not fit into", async () => {
    const dataset = await openData(await folderSet(1), { transform: { crop: [9, 9] } });
    await expect(dataset.read(0)).rejects.toThrow(
      /images.a\.png: --crop 9x9 \(height×width\) does not fit into 3×2 pixels/,
    );
  });
});
