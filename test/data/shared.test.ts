/** The readers on the real data sets, where they lie beside the repository. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/index.js";
import { countLabelMap, labelStats } from "../../src/data/index.js";
import { openData } from "../../src/data/index.node.js";

const shared = fileURLToPath(new URL("../../../shared/data/", import.meta.url));
const missing = (folder: string) => !existsSync(`${shared}${folder}`);
const needs = (folder: string) => `[needs ../shared/data/${folder}]`;

describe.skipIf(missing("camvid"))(`CamVid ${needs("camvid")}`, () => {
  it("has 101 validation images of 360×480, whose labels are eleven classes and void", async () => {
    const dataset = await openData(`camvid:${shared}camvid`);
    expect([dataset.length, dataset.ids[0]]).toEqual([101, "0016E5_07959"]);
    const sample = await dataset.read(0);
    expect(sample.image.dims).toEqual([3, 360, 480]);
    const { shares, voidShare } = labelStats(countLabelMap(sample.labels!, 11));
    expect(shares).toHaveLength(11);
    expect(voidShare).toBeGreaterThan(0);
    expect(voidShare).toBeLessThan(0.2);
    expect((await openData(`camvid:${shared}camvid`, { split: "train" })).length).toBe(367);
  });
});

describe.skipIf(missing("voc"))(`VOC ${needs("voc")}`, () => {
  interface Crop {
    id: string;
    image: { sha256: string };
    labels: { sha256: string };
  }
  const golden: { cases: Crop[] } = JSON.parse(
    readFileSync(new URL("../golden/voc_crops.json", import.meta.url), "utf8"),
  );

  it("gives the published evaluation's crops, to the bit those of Pillow", async () => {
    const dataset = await openData(`voc:${shared}voc`, {
      labelVariant: "voidAsBackground",
      transform: { resizeShort: 473, crop: [473, 473] },
    });
    expect(dataset.ids).toEqual(golden.cases.map(({ id }) => id));
    for await (const { index, image, labels } of dataset.samples()) {
      const wanted = golden.cases[index]!;
      expect(sha256(interleaved(image.data))).toBe(wanted.image.sha256);
      expect(sha256(Uint8Array.from(labels!))).toBe(wanted.labels.sha256);
    }
  });

  it("reads the augmented masks as indices, void being ignored", async () => {
    const dataset = await openData(`voc:${shared}voc/VOC2012`, { split: "train_aug" });
    expect(dataset.length).toBe(20);
    const { classes, ignored } = countLabelMap(await dataset.readLabels(0));
    expect([classes[1]! > 0, classes[15]! > 0, ignored > 0, classes.length]).toEqual([true, true, true, 16]);
  });

  /** Red, green and blue of one pixel side by side, as bytes. */
  function interleaved(planes: Float32Array): Uint8Array {
    const area = planes.length / 3;
    return Uint8Array.from(planes, (_, i) => Math.round(planes[(i % 3) * area + Math.floor(i / 3)]! * 255));
  }
});

describe.skipIf(missing("ade20k_sample"))(`ADE20K ${needs("ade20k_sample")}`, () => {
  it("reads an excerpt, in both schemes", async () => {
    const dataset = await openData(`ade20k:${shared}ade20k_sample`);
    const reduced = await openData(`ade20k:${shared}ade20k_sample`, { labelVariant: "reduceZeroLabel" });
    expect(dataset.length).toBe(3);
    const counts = countLabelMap(await dataset.readLabels(2), 151);
    const without = countLabelMap(await reduced.readLabels(2), 150);
    expect([without.ignored, ...without.classes]).toEqual(counts.classes);
    expect(without.ignored).toBeGreaterThan(0);
  });
});

describe.skipIf(missing("bdd100k"))(`photos without labels ${needs("bdd100k")}`, () => {
  it("are read for consistency", async () => {
    const dataset = await openData(`folder:${shared}bdd100k`, { labels: "self", limit: 2 });
    const { image, labels } = await dataset.read(1);
    expect([dataset.length, image.dims, labels]).toEqual([2, [3, 720, 1280], undefined]);
  });
});
