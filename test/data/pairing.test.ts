/** Which label file belongs to which image: endings, suffixes, sub-folders. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DataOptions } from "../../src/data/index.js";
import { openData } from "../../src/data/index.node.js";
import { folderWith, greyPng, rgbPng } from "./pixels.js";

const image = rgbPng(2, 2);
const label = (value: number) => greyPng(2, 2, [value, value, value, value]);

/** Opens two folders with these names; the labels of the n-th name are all n. */
async function opened(
  images: readonly string[],
  labels: readonly string[],
  options: DataOptions = {},
  folders: readonly [string, string] = ["images", "labels"],
) {
  const root = await folderWith({
    ...Object.fromEntries(labels.map((name, i) => [join(folders[1], name), label(i)])),
    ...Object.fromEntries(images.map((name) => [join(folders[0], name), image])),
  });
  const data = await openData(`folder:${join(root, folders[0])},${join(root, folders[1])}`, options);
  const values = await Promise.all(data.ids.map(async (_, i) => (await data.readLabels(i))[0]));
  return { ids: data.ids, values, settings: data.settings, notices: data.notices };
}

describe("label files", () => {
  it.each([".PNG", ".tif", ".TIFF", ".bmp"])("may end in %s", async (ending) => {
    // The content decides the format.
    const { values, notices } = await opened(["a.png", "b.JPG"], [`a${ending}`, `b${ending}`]);
    expect([values, notices]).toEqual([[0, 1], []]);
  });

  it("of several endings give the PNG", async () => {
    expect((await opened(["a.png"], ["a.tif", "a.png", "a.bmp"])).values).toEqual([1]);
  });

  it.each([
    ["_mask", ["a.png", "b.png"], ["a_mask.png", "b_mask.png"]],
    ["_mask", ["a0.png", "a1.png"], ["a_mask0.png", "a_mask1.png"]],
    ["_m", ["a.png", "b.png"], ["a_m.png", "b_m.png"]],
    ["_L", ["0001TP_006690.png", "0006R0_f00930.png"], ["0001TP_006690_L.png", "0006R0_f00930_L.png"]],
    ["_mask", ["104_sat.jpg", "7_sat.jpg"], ["104_mask.png", "7_mask.png"]],
    [
      "_Segmentation",
      ["ISIC_0000001.jpg", "ISIC_0000002.jpg"],
      ["ISIC_0000001_Segmentation.png", "ISIC_0000002_Segmentation.png"],
    ],
  ])("with the suffix %s are found, and it is said", async (suffix, images, labels) => {
    const { ids, settings, notices } = await opened(images, labels);
    expect(ids).toHaveLength(images.length);
    expect(settings.labelSuffix).toBe(suffix);
    expect(notices).toEqual([`label files end in ${suffix}: found by --label-suffix ${suffix}`]);
    const given = await opened(images, labels, { labelSuffix: suffix });
    expect([given.ids, given.values, given.settings, given.notices]).toEqual([
      ids,
      given.values,
      settings,
      [],
    ]);
  });

  it("with a suffix of one's own are found when it is named, as the message says", async () => {
    const [images, labels] = [
      ["a.png", "b.png"],
      ["a-truth.png", "b-truth.png"],
    ];
    const message = await opened(images, labels).catch((error: Error) => error.message);
    const [, suffix] = /use --label-suffix (\S+)$/.exec(String(message)) ?? [];
    expect(suffix).toBe("-truth");
    expect((await opened(images, labels, { labelSuffix: suffix })).values).toEqual([0, 1]);
  });

  it("with two known suffixes are not guessed", async () => {
    const labels = ["a_gtFine_labelIds.png", "a_gtFine_labelTrainIds.png"];
    await expect(opened(["a_leftImg8bit.png"], labels)).rejects.toThrow(
      "use --label-suffix _gtFine_labelIds or --label-suffix _gtFine_labelTrainIds",
    );
    const chosen = await opened(["a_leftImg8bit.png"], labels, { labelSuffix: "_gtFine_labelTrainIds" });
    expect([chosen.values, chosen.ids]).toEqual([[1], ["a_leftImg8bit"]]);
  });

  it("that miss the suffix, or have other names, are named", async () => {
    await expect(opened(["a.png", "b.png"], ["a_mask.png"], { labelSuffix: "_mask" })).rejects.toThrow(
      /--label-suffix _mask: .*b\.png has no label file "b_mask".*missing for 1 of 2 images/,
    );
    await expect(opened(["a.png"], ["x.png"])).rejects.toThrow(
      /no label file in .* has the name of an image in .*--label-suffix$/,
    );
  });

  it("may lie beside their images", async () => {
    const names = ["a.png", "b.png", "a_mask.png", "b_mask.png"];
    const folders = ["all", "all"] as const;
    expect((await opened(["a.jpg", "b.jpg"], ["a_mask.png", "b_mask.png"], {}, folders)).values).toEqual([
      0, 1,
    ]);
    expect((await opened([], names, { labelSuffix: "_mask" }, folders)).values).toEqual([2, 3]);
    await expect(opened([], ["a.png", "b.png"], {}, folders)).rejects.toThrow(
      "images and labels are the same folder",
    );
  });
});

describe("sub-folders", () => {
  const cities = ["aachen/x.png", "bonn/deep/y.png", "bonn/x.png"];

  it("are read where the folder has no image of its own; names hold the folders", async () => {
    const { ids, values } = await opened(cities, cities);
    expect(ids).toEqual(["aachen/x", "bonn/deep/y", "bonn/x"]);
    expect(values).toEqual([0, 1, 2]);
  });

  it("are not read beside images: earlier runs did not read them", async () => {
    expect((await opened(["a.png", "old/b.png"], ["a.png", "old/b.png"])).ids).toEqual(["a"]);
  });

  it("hold Cityscapes as stored, whose label ids become classes", async () => {
    const names = (end: string) => ["aachen/aachen_0_19", "bonn/bonn_0_7"].map((name) => name + end);
    const others = [...names("_gtFine_color.png"), ...names("_gtFine_instanceIds.png")];
    const labels = [...names("_gtFine_labelIds.png"), ...others];
    const { ids, settings, notices } = await opened(names("_leftImg8bit.png"), labels, { modelClasses: 19 });
    expect(ids[0]).toBe("aachen/aachen_0_19_leftImg8bit");
    expect(settings).toMatchObject({ labelMap: "cityscapes-ids", labelSuffix: "_gtFine_labelIds" });
    expect(notices.at(-1)).toContain("read as its 19 classes (--label-map cityscapes-ids)");
    const all = await opened(names("_leftImg8bit.png"), labels, { modelClasses: 34 });
    expect(all.settings.labelMap).toBeUndefined();
  });
});
