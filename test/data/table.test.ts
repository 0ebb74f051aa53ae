/** The table of data sets: no row is forgotten, and what a row declares fits together. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type DatasetLayout, dataFields, datasets, parseDataSpec } from "../../src/data/index.js";
import { openData } from "../../src/data/index.node.js";
import { folderWith, greyPng, rgbPng } from "./pixels.js";

const rows: [string, DatasetLayout][] = Object.entries(datasets);
const sets = new URL("../../src/data/sets/", import.meta.url);
const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

describe("the table", () => {
  it("has a row for every file of the folder", () => {
    const files = readdirSync(sets).filter((file) => file !== "index.ts");
    expect(new Set(files)).toEqual(new Set(rows.map(([name]) => `${name}.ts`)));
  });

  it.each(rows)("%s says how it is written and where its files lie", (name, layout) => {
    expect(layout.form.startsWith(`${name}:`)).toBe(true);
    expect(layout.images && layout.labels && layout.title).toBeTruthy();
    expect(dataFields.data.description).toContain(layout.form);
    expect(readme).toContain(`${name}:`);
  });

  it.each(rows)("%s declares variants and a published evaluation that exist", (_, layout) => {
    for (const [name, { title }] of Object.entries(layout.variants)) {
      expect(title.length).toBeGreaterThan(10);
      expect(dataFields.labelVariant.description).toContain(name);
    }
    const { labelVariant, classWeights } = layout.published ?? {};
    if (labelVariant !== undefined) expect(layout.variants).toHaveProperty(labelVariant);
    if (classWeights) expect(layout.scheme.classes).toHaveLength(classWeights.length);
  });

  it("is where errors come from", () => {
    expect(() => parseDataSpec("coco:ROOT")).toThrow(dataFields.data.description!.split(": ")[1]);
    expect(() => parseDataSpec("camvid:ROOT", {})).toThrow("--data camvid:ROOT: expected");
  });
});

describe("a layout of one's own", () => {
  /** Images and labels beside each other; labels stored as tens. */
  const pairs: DatasetLayout = {
    form: "pairs:ROOT",
    title: "images with their labels beside them",
    images: "ROOT/*.image.png",
    labels: "ROOT/*.labels.png",
    defaultSplit: undefined,
    trainingSplit: undefined,
    scheme: { classes: ["floor", "wall"], ignoreLabel: 255, relabel: (value) => value / 10 },
    variants: {},
    async list({ place, withLabels, files }) {
      const names = (await files.namesIn(place)).filter((name) => name.endsWith(".image.png"));
      return names.map((name) => ({
        id: name.replace(".image.png", ""),
        image: files.join(place, name),
        labels: withLabels ? files.join(place, name.replace(".image.", ".labels.")) : undefined,
      }));
    },
  };
  const files = { "a.image.png": rgbPng(2, 2), "a.labels.png": greyPng(2, 2, [0, 10, 255, 10]) };

  it("opens as a value", async () => {
    const place = await folderWith(files);
    const dataset = await openData({ name: "pairs", layout: pairs, place });
    expect(dataset).toMatchObject({ name: "pairs", spec: `pairs:${place}`, ids: ["a"] });
    expect((await dataset.read(0)).labels).toEqual(Int32Array.of(0, 1, -1, 1));
  });

  it("opens by its name in a table that is handed in, and changes no other table", async () => {
    const spec = `my:pairs:${await folderWith(files)}`;
    const table = { ...datasets, my: pairs };
    const dataset = await openData(spec.replace("my:pairs:", "my:"), { datasets: table });
    expect(dataset.classNames).toEqual(["floor", "wall"]);
    expect(() => parseDataSpec(spec)).toThrow("expected folder:IMAGES,LABELS");
  });

  it("has its labels checked like any other", async () => {
    const place = await folderWith({ ...files, "a.labels.png": greyPng(2, 2, [0, 10, 15, 30]) });
    const dataset = await openData({ name: "pairs", layout: pairs, place });
    await expect(dataset.read(0)).rejects.toThrow(
      `${join(place, "a.labels.png")}: label 15 at row 1, column 0 is none of the 2 classes`,
    );
  });
});
