/** How label files are read: maps, palettes, ignored values, masks of 0 and 255, and what the model's classes choose. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DataOptions } from "../../src/data/index.js";
import { openData } from "../../src/data/index.node.js";
import { palettes } from "../../src/data/pixels/palettes.js";
import { folderWith, greyPng, rgbPng } from "./pixels.js";

const image = rgbPng(1, 4);
const grey = (...values: number[]) => greyPng(1, 4, values);

/** Two folders; each entry of `labels` is a label file. */
async function folders(...labels: Uint8Array[]): Promise<string> {
  const files = labels.flatMap((content, i) => [
    [`i/${i}.png`, image],
    [`l/${i}.png`, content],
  ]);
  const root = await folderWith(Object.fromEntries(files));
  return `folder:${join(root, "i")},${join(root, "l")}`;
}

async function readFirst(spec: string, options: DataOptions) {
  const data = await openData(spec, options);
  return { ...data, labels: [...(await data.readLabels(0))] };
}

/** Opens with the flags that a message prints first: `--label-map 255:1 if …`. */
async function followed(spec: string, options: DataOptions, message: string) {
  const [, flag, value] = /--(label-map|ignore-label|palette|classes) (\S+)/.exec(message) ?? [];
  const given: DataOptions =
    flag === "label-map"
      ? { labelMap: value }
      : flag === "palette"
        ? { palette: value }
        : flag === "classes"
          ? { classes: Number(value) }
          : { ignoreLabel: value!.split(",").map(Number) };
  return readFirst(spec, { ...options, ...given });
}

const refusal = async (spec: string, options: DataOptions) =>
  String(await readFirst(spec, options).catch((error: Error) => error.message));

describe("several values to ignore, and maps", () => {
  it("ignore each of the values", async () => {
    const spec = await folders(grey(0, 7, 9, 1));
    const { labels, settings } = await readFirst(spec, { ignoreLabel: [7, 9], classes: 2 });
    expect([labels, settings.ignoreLabel]).toEqual([
      [0, -1, -1, 1],
      [7, 9],
    ]);
    expect((await readFirst(spec, { ignoreLabel: [7] })).settings.ignoreLabel).toBe(7);
  });

  it("a map goes before the ignore label of the data set, and contradicts a given one", async () => {
    const root = await folderWith({ "val/a.png": image, "valannot/a.png": grey(0, 11, 10, 3) });
    const { labels, settings } = await readFirst(`camvid:${root}`, { labelMap: "11:3" });
    expect([labels, settings.ignoreLabel]).toEqual([[0, 3, 10, 3], undefined]);
    await expect(openData(`camvid:${root}`, { labelMap: "11:3", ignoreLabel: 11 })).rejects.toThrow(
      "--ignore-label 11: --label-map makes 11 a class; leave it out of one of the two flags",
    );
  });

  it("classes and names follow the map", async () => {
    const root = await folderWith({ "val/a.png": image, "valannot/a.png": grey(0, 11, 10, 3) });
    const map = join(await folderWith({ "map.txt": "0,5 up\n1-4,6-10 rest\n" }), "map.txt");
    const own = await readFirst(`camvid:${root}`, { labelMap: map });
    expect([own.labels, own.classNames]).toEqual([
      [0, -1, 1, 1],
      ["up", "rest"],
    ]);
    expect(own.settings.labelMap).toMatch(/^sha256:[0-9a-f]{64}$/);
    const joined = await readFirst(`camvid:${root}`, { labelMap: "0:9,10:9" });
    expect(joined.classNames?.[9]).toBe("Sky + Pedestrian + Bicyclist");
  });

  it("is in the settings by its content, wherever the file lies", async () => {
    const spec = await folders(grey(0, 1, 0, 1));
    const settingsWith = async (content: string) => {
      const map = join(await folderWith({ m: content }), "m");
      return (await openData(spec, { labelMap: map })).settings.labelMap;
    };
    expect(await settingsWith("0:1\n1:0\n")).toBe(await settingsWith("0:1\n1:0\n"));
    expect(await settingsWith("0:1\n1:0\n")).not.toBe(await settingsWith("0:0\n1:1\n"));
    expect((await openData(spec)).settings).not.toHaveProperty("labelMap");
  });
});

describe("the model's classes choose the reading", () => {
  const ade = () => folderWith({ "images/a.jpg": image, "annotations/a.png": grey(0, 1, 150, 3) });

  it("ade20k: 151 classes, or 150 with 0 ignored", async () => {
    const spec = `ade20k:${await ade()}`;
    expect((await readFirst(spec, { modelClasses: 151 })).labels).toEqual([0, 1, 150, 3]);
    const reduced = await readFirst(spec, { modelClasses: 150 });
    expect([reduced.labels, reduced.classNames?.[2]]).toEqual([[-1, 0, 149, 2], "sky"]);
    expect(reduced.notices).toEqual([expect.stringContaining("(--label-variant reduceZeroLabel)")]);
    expect(reduced.settings).toEqual((await openData(spec, { labelVariant: "reduceZeroLabel" })).settings);
  });

  it("ade20k: --classes 150 --ignore-label 0 is not one class off", async () => {
    expect((await readFirst(`ade20k:${await ade()}`, { classes: 150, ignoreLabel: 0 })).labels).toEqual([
      ...[-1, 0, 149, 2],
    ]);
  });

  it("voc: 20 classes leave background out; camvid: twelve classes have one for void", async () => {
    const voc = await folderWith({
      "ImageSets/Segmentation/val.txt": "a\n",
      "JPEGImages/a.jpg": image,
      "SegmentationClass/a.png": grey(0, 255, 1, 20),
    });
    expect((await readFirst(`voc:${voc}`, { modelClasses: 20 })).labels).toEqual([-1, -1, 0, 19]);
    expect((await readFirst(`voc:${voc}`, { modelClasses: 21 })).labels).toEqual([0, -1, 1, 20]);
    const camvid = await folderWith({ "val/a.png": image, "valannot/a.png": grey(0, 11, 10, 3) });
    const twelve = await readFirst(`camvid:${camvid}`, { modelClasses: 12 });
    expect([twelve.labels, twelve.settings.classes]).toEqual([[0, -1, 10, 3], 12]);
  });

  it("a number that no reading has changes nothing", async () => {
    expect((await openData(`ade20k:${await ade()}`, { modelClasses: 21 })).settings.classes).toBe(151);
  });
});

describe("masks of 0 and 255", () => {
  it("are classes 0 and 1 of a model of two classes, and it is said", async () => {
    const spec = await folders(grey(0, 0, 0, 0), grey(0, 255, 0, 255), grey(255, 255, 255, 255));
    const data = await openData(spec, { modelClasses: 2 });
    expect([...(await data.readLabels(1))]).toEqual([0, 1, 0, 1]);
    expect(data.notices).toEqual([expect.stringContaining("(--label-map 255:1)")]);
    expect(data.settings).toEqual((await openData(spec, { labelMap: "255:1" })).settings);
  });

  it("are those of --classes 2 too, but not of more classes", async () => {
    const spec = await folders(grey(0, 255, 0, 255));
    expect((await readFirst(spec, { classes: 2 })).labels).toEqual([0, 1, 0, 1]);
    expect((await readFirst(spec, {})).labels).toEqual([0, 255, 0, 255]);
    const message = await refusal(spec, { modelClasses: 3 });
    expect(message).toMatch(
      /use --ignore-label 255 if it must not count, --label-map 255:1 if 255 marks the foreground/,
    );
  });

  it("with another value anywhere are left alone: 255 is then void", async () => {
    const spec = await folders(grey(0, 255, 0, 255), grey(0, 1, 0, 0));
    const { labels } = await followed(spec, { modelClasses: 2 }, await refusal(spec, { modelClasses: 2 }));
    expect(labels).toEqual([0, 1, 0, 1]);
    const mixed = await folders(grey(0, 255, 1, 255));
    const message = await refusal(mixed, { modelClasses: 2 });
    expect((await followed(mixed, { modelClasses: 2 }, message)).labels).toEqual([0, -1, 1, -1]);
  });

  it("with a value that the looked-at files lack refuse that file", async () => {
    const masks = Array.from({ length: 129 }, () => grey(0, 255, 0, 255));
    masks[1] = grey(0, 7, 255, 0);
    const data = await openData(await folders(...masks), { modelClasses: 2 });
    await expect(data.readLabels(1)).rejects.toThrow(/1\.png: label 7 at row 0, column 1/);
  });

  it("whose foreground is ignored on purpose say so", async () => {
    const spec = await folders(grey(0, 255, 0, 255));
    const data = await openData(spec, { modelClasses: 2, ignoreLabel: 255 });
    expect(data.notices).toEqual([
      "WARNING: --ignore-label 255 leaves out the foreground: label files hold 0 and 255 alone; leave the flag out, and 255 is read as class 1",
    ]);
  });
});

describe("colours", () => {
  const colours = (name: keyof typeof palettes, wanted: readonly number[]) => {
    const byClass = new Map([...palettes[name].classes].map(([colour, label]) => [label, colour]));
    const bytes = wanted.flatMap((label) => {
      const colour = byClass.get(label)!;
      return [colour >> 16, (colour >> 8) & 255, colour & 255];
    });
    return rgbPng(1, 4, Uint8Array.from(bytes));
  };

  it.each([
    ["voc", [0, 15, 20, -1]],
    ["cityscapes", [0, 5, 18, -1]],
    ["camvid", [0, 4, 10, -1]],
    ["ade20k", [0, 1, 8, 150]],
  ] as const)("of %s are refused with the palette that fits, and read with it", async (name, wanted) => {
    const spec = await folders(colours(name, wanted));
    const message = await refusal(spec, {});
    expect(message).toContain(`add --palette ${name}`);
    expect((await followed(spec, {}, message)).labels).toEqual(wanted);
  });

  it("of ADE20K are 150 classes for a model of as many", async () => {
    const spec = await folders(colours("ade20k", [0, 1, 8, 150]));
    const { labels, settings } = await readFirst(spec, { palette: "ade20k", modelClasses: 150 });
    expect([labels, settings.labelMap]).toEqual([[-1, 0, 7, 149], "reduce-zero"]);
  });

  it("of one's own are read with a file, whose content is in the settings", async () => {
    const spec = await folders(rgbPng(1, 4, Uint8Array.of(9, 0, 0, 0, 9, 0, 0, 0, 9, 9, 0, 0)));
    const file = join(await folderWith({ p: "9 0 0 red\n0 9 0 green\nignore 0 0 9\n" }), "p");
    const { labels, settings } = await readFirst(spec, { palette: file, modelClasses: 2 });
    expect([labels, settings.palette]).toEqual([[0, 1, -1, 0], expect.stringMatching(/^sha256:/)]);
    expect(await refusal(spec, {})).toContain("name their classes with --palette FILE");
    await expect(openData(spec, { palette: "coco" })).rejects.toThrow("--palette coco: no such file");
  });

  it("can be mapped, like numbers", async () => {
    const spec = await folders(colours("voc", [0, 15, 20, -1]));
    const { labels } = await readFirst(spec, { palette: "voc", labelMap: "15:1,1-14:ignore,16-20:ignore" });
    expect(labels).toEqual([0, 1, -1, -1]);
  });
});

describe("advice for values that are no class is followed to a reading without a mistake", () => {
  it.each([
    ["a value more than classes", [0, 1, 2, 3], 3, [-1, 0, 1, 2]],
    ["spread values", [0, 85, 170, 255], 4, [0, 1, 2, 3]],
    ["a foreground value of its own", [0, 3, 0, 3], 2, [0, 1, 0, 1]],
    ["two values too many", [0, 1, 7, 9], 2, [0, 1, -1, -1]],
    ["counted from 1, with pixels of no class", [1, 2, 3, 255], 3, [0, 1, 2, -1]],
    ["one value that is none of three classes", [0, 255, 0, 255], 3, [0, -1, 0, -1]],
  ])("%s", async (_, values, modelClasses, wanted) => {
    const spec = await folders(grey(...values));
    const message = await refusal(spec, { modelClasses });
    expect((await followed(spec, { modelClasses }, message)).labels).toEqual(wanted);
  });
});
