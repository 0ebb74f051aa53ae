/** Class weights counted from label files and kept in a cache file. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { countLabels } from "../../src/data/index.js";
import { cachedClassWeights, openData } from "../../src/data/index.node.js";
import { folderWith, greyPng, rgbPng } from "./pixels.js";

async function set() {
  const root = await folderWith({
    "i/a.png": rgbPng(2, 3),
    "i/b.png": rgbPng(2, 3),
    "l/a.png": greyPng(2, 3, [0, 0, 0, 0, 1, 9]),
    "l/b.png": greyPng(2, 3, [0, 0, 0, 0, 1, 9]),
    "cache/.keep": "",
  });
  const spec = `folder:${join(root, "i")},${join(root, "l")}`;
  const open = (limit?: number) => openData(spec, { classes: 3, ignoreLabel: 9, limit });
  return { root, open, cacheFile: join(root, "cache", "weights.json") };
}

describe("countLabels", () => {
  it("counts every map, absent classes included, and tells how far it is", async () => {
    const { open } = await set();
    const progress: number[][] = [];
    const counts = await countLabels(await open(), (done, of) => progress.push([done, of]));
    expect(counts).toEqual({ classes: [8, 2, 0], ignored: 2 });
    expect(progress).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });
});

describe("cachedClassWeights", () => {
  it("counts once, and gives the same weights from the file", async () => {
    const { root, open, cacheFile } = await set();
    const first = await cachedClassWeights(await open(), cacheFile);
    expect(first).toEqual({
      weights: [0.2, 0.8, 0],
      counts: { classes: [8, 2, 0], ignored: 2 },
      cached: false,
    });
    const second = await cachedClassWeights(await open(), cacheFile);
    expect(second).toEqual({ ...first, cached: true });
    expect(await readdir(join(root, "cache"))).toEqual([".keep", "weights.json"]);
  });

  it("counts again when the list or a label file changes", async () => {
    const { root, open, cacheFile } = await set();
    await cachedClassWeights(await open(), cacheFile);
    expect((await cachedClassWeights(await open(1), cacheFile)).counts.classes).toEqual([4, 1, 0]);
    await writeFile(join(root, "l", "a.png"), greyPng(2, 3, [2, 1, 0, 2, 1, 0]));
    const changed = await cachedClassWeights(await open(1), cacheFile);
    expect(changed).toMatchObject({ cached: false, counts: { classes: [2, 2, 2] } });
  });

  it.each(["", "{", "[]", '{"schemaVersion":1,"key":"x"}'])(
    "counts again when the file holds %j",
    async (content) => {
      const { open, cacheFile } = await set();
      await writeFile(cacheFile, content);
      expect((await cachedClassWeights(await open(), cacheFile)).cached).toBe(false);
      expect(JSON.parse(await readFile(cacheFile, "utf8")).counts.classes).toEqual([8, 2, 0]);
    },
  );
});
