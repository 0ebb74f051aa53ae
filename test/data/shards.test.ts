/** Shards of about the same cost. */
import { join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { expect, it } from "vitest";
import { type DataOptions, imagesByCost, npyFile } from "../../src/data/index.js";
import { openData } from "../../src/data/index.node.js";
import { folderWith, rgbPng } from "./pixels.js";

const allShards = (costs: readonly number[], count: number) =>
  Array.from({ length: count }, (_, index) => imagesByCost(costs, { index, count }));

it("the images of equal cost are dealt out in turn", () => {
  expect(allShards(new Array(7).fill(480 * 360), 3)).toEqual([
    [0, 3, 6],
    [1, 4],
    [2, 5],
  ]);
});

it("every image is in one shard, and shards differ by at most one image", () => {
  const costs = fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(costs, fc.integer({ min: 1, max: 12 }), (costs, count) => {
      const shards = allShards(costs, count);
      expect(shards.flat().sort((a, b) => a - b)).toEqual([...costs.keys()]);
      for (const images of shards) expect(images).toEqual([...images].sort((a, b) => a - b));
      const loads = shards.map((images) => images.reduce((sum, image) => sum + costs[image]!, 0));
      expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(Math.max(...costs));
    }),
  );
});

it("hundreds of images of mixed sizes give shards alike to half a percent", () => {
  const costs = Array.from(
    { length: 500 },
    (_, i) => (300 + ((i * 7919) % 400)) * (200 + ((i * 104729) % 500)),
  );
  const spread = (shards: readonly (readonly number[])[]) => {
    const loads = shards.map((images) => images.reduce((sum, image) => sum + costs[image]!, 0));
    return Math.max(...loads) / Math.min(...loads) - 1;
  };
  const inTurn = Array.from({ length: 8 }, (_, index) => [...costs.keys()].filter((i) => i % 8 === index));
  expect(spread(inTurn)).toBeGreaterThan(0.05);
  expect(spread(allShards(costs, 8))).toBeLessThan(0.005);
});

const jpeg = (height: number, width: number, orientation = 1) =>
  sharp({ create: { height, width, channels: 3, background: "grey" } })
    .withMetadata({ orientation })
    .jpeg()
    .toBuffer();

/** Images of 4 × 9 to 90 × 9 pixels in several formats; the first is stored as 9 × 90 and to be turned. */
async function mixed(): Promise<string> {
  const sized = { height: 5, width: 9, channels: 3, background: "grey" } as const;
  const root = await folderWith({
    "images/a.jpg": await jpeg(9, 90, 6),
    "images/b.png": rgbPng(4, 9),
    "images/c.tif": await sharp({ create: sized }).tiff().toBuffer(),
    "images/d.webp": await sharp({ create: { ...sized, height: 60 } })
      .webp()
      .toBuffer(),
    "images/e.npy": npyFile([3, 30, 9], new Float32Array(3 * 30 * 9)),
  });
  return `folder:${join(root, "images")}`;
}

async function idsOf(spec: string, count: number, options: DataOptions = {}): Promise<string[]> {
  const shards = Array.from({ length: count }, (_, index) =>
    openData(spec, { labels: "self", ...options, shard: { index, count } }),
  );
  return (await Promise.all(shards)).map(({ ids }) => ids.join(""));
}

it("shards of a data set are divided by the sizes in the headers, as transformed", async () => {
  const spec = await mixed();
  // 810 pixels of a; 540 of d and 270 of e; then 45 of c to the first of equals, and 36 of b.
  expect(await idsOf(spec, 2)).toEqual(["ac", "bde"]);
  expect(await idsOf(spec, 2, { transform: { size: [8, 8] } })).toEqual(["ace", "bd"]);
  // Nothing but the width is left: 9 for each, whatever the orientation.
  expect(await idsOf(spec, 2, { transform: { size: [1, undefined] } })).toEqual(["ace", "bd"]);
  const ignoring = { encoding: { orientation: "ignore" }, transform: { size: [1, undefined] } } as const;
  expect(await idsOf(spec, 2, ignoring)).toEqual(["a", "bcde"]);
});

it("a data set can be told what images cost, or which to take", async () => {
  const spec = await mixed();
  const costOf = (id: string) => (id === "e" ? 10 : 2);
  expect(await idsOf(spec, 2, { costOf })).toEqual(["e", "abcd"]);
  const named = await openData(spec, { labels: "self", shard: { index: 1, count: 2, images: [0, 3] } });
  expect([named.ids, named.shard]).toEqual([["a", "d"], { index: 1, count: 2, images: [0, 3] }]);
  const usual = await openData(spec, { labels: "self", shard: { index: 1, count: 2, images: [1, 3] } });
  expect(usual.shard).toEqual({ index: 1, count: 2 });
});

it("an image that is none is refused with its name", async () => {
  const root = await folderWith({ "images/a.png": rgbPng(2, 3), "images/b.png": "no image" });
  await expect(idsOf(`folder:${join(root, "images")}`, 2)).rejects.toThrow(/b\.png: not a jpeg, png/);
});
