/** Batches: what decides them, what may not, and files that change while a run is under way. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type AugmentOptions, epochOrder, stepsPerEpoch, trainingSteps } from "../../src/data/index.js";
import {
  type BatchOptions,
  openTrainingData,
  type TrainingBatch,
  trainingBatches,
} from "../../src/data/index.node.js";
import { folderWith, greyPng, noise, rgbPng } from "./pixels.js";

const augment: AugmentOptions = { crop: { height: 6, width: 8 } };

/** Images a, b, … of different sizes with labels of five classes and 9 = void; and the folder they are in. */
async function folderSet(count: number) {
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < count; i++) {
    const [height, width] = [6 + i, 9 + 2 * i];
    const name = String.fromCharCode(97 + i);
    files[`images/${name}.png`] = rgbPng(height, width);
    const labels = noise(height * width).map((byte) => (byte < 25 ? 9 : byte % 5));
    files[`labels/${name}.png`] = greyPng(height, width, labels);
  }
  const root = await folderWith(files);
  return { root, spec: `folder:${join(root, "images")},${join(root, "labels")}` };
}

async function opened(count: number) {
  const { root, spec } = await folderSet(count);
  return { root, data: await openTrainingData(spec, { classes: 5, ignoreLabel: 9 }) };
}

type Data = Awaited<ReturnType<typeof opened>>["data"];

async function take(
  count: number,
  data: Data,
  options: Partial<BatchOptions> = {},
): Promise<TrainingBatch[]> {
  const stream = trainingBatches(data, { batchSize: 2, seed: 1, augment, workers: 0, ...options });
  const batches: TrainingBatch[] = [];
  try {
    for await (const batch of stream.batches()) {
      batches.push(batch);
      if (batches.length === count) break;
    }
  } finally {
    await stream.dispose();
  }
  return batches;
}

describe("the order", () => {
  it("is another permutation in every epoch, and leaves out what fills no batch", () => {
    const orders = [0, 1].map((epoch) => epochOrder(50, 3, epoch));
    for (const order of orders) expect([...order].sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
    expect(orders[0]).not.toEqual(orders[1]);
    expect(epochOrder(50, 4, 0)).not.toEqual(orders[0]);
    expect(stepsPerEpoch(50, 8)).toBe(6);
    const steps = trainingSteps(50, 8, 3);
    const first = Array.from({ length: 12 }, () => steps.next().value!);
    expect(first.map(({ step, epoch }) => [step, epoch])).toEqual(
      first.map((_, i) => [i, Math.floor(i / 6)]),
    );
    expect(first.slice(6).flatMap(({ positions }) => positions)).toEqual(orders[1]!.slice(0, 48));
  });

  it("goes on from any step", () => {
    const all = trainingSteps(7, 2, 5);
    for (let step = 0; step < 10; step++) {
      expect(trainingSteps(7, 2, 5, step).next().value).toEqual(all.next().value);
    }
  });

  it("has every image in every place of it equally often", () => {
    const counts = Array(4).fill(0);
    for (let epoch = 0; epoch < 4000; epoch++) counts[epochOrder(4, 0, epoch).indexOf(0)]++;
    // Five standard deviations of 1000.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(750));
  });
});

describe("a batch", () => {
  it("has images in [0, 1], classes or −1, and the names of its images", async () => {
    const { data } = await opened(5);
    const [first, , third] = await take(3, data);
    expect(first).toMatchObject({ step: 0 });
    expect(first!.images).toHaveLength(2 * 3 * 6 * 8);
    expect(first!.labels).toHaveLength(2 * 6 * 8);
    expect(first!.images.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(first!.labels.every((label) => label >= -1n && label < 5n)).toBe(true);
    expect(first!.ids).toEqual(
      epochOrder(5, 1, 0)
        .slice(0, 2)
        .map((i) => data.ids[i]),
    );
    expect(third!.ids).toEqual(
      epochOrder(5, 1, 1)
        .slice(0, 2)
        .map((i) => data.ids[i]),
    );
  });

  it("is decided by seed and step alone: not by read-ahead, cache or where a run goes on", async () => {
    const { data } = await opened(5);
    const all = await take(6, data);
    expect(await take(6, data, { ahead: 0, cacheBytes: 0 })).toEqual(all);
    expect(await take(6, data, { ahead: 5, cacheBytes: 900 })).toEqual(all);
    for (const from of [1, 3]) expect(await take(3, data, { from })).toEqual(all.slice(from, from + 3));
    expect(await take(6, data, { seed: 2 })).not.toEqual(all);
    const pixels = all.map(({ images }) => images.join());
    expect(new Set(pixels).size).toBe(6);
  });

  it("can have one label for each image: the most frequent class of its crop", async () => {
    const { data } = await opened(4);
    const [pixels, majority] = [await take(4, data), await take(4, data, { target: "majority" })];
    majority.forEach(({ labels, images }, step) => {
      expect(images).toEqual(pixels[step]!.images);
      labels.forEach((label, i) => {
        const crop = [...pixels[step]!.labels.subarray(48 * i, 48 * (i + 1))];
        const count = (one: bigint) => crop.filter((other) => other === one).length;
        const counts = [0n, 1n, 2n, 3n, 4n].map(count);
        expect(counts[Number(label)]).toBe(Math.max(...counts));
      });
    });
  });

  it("ends with the reason of an aborted signal", async () => {
    const { data } = await opened(4);
    const reason = new Error("enough");
    await expect(take(1, data, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe("files that change while a run is under way", () => {
  it.each([
    ["vanish", (file: string) => rm(file), "vanished since the data set was opened; put the file back"],
    ["are written again", (file: string) => writeFile(file, rgbPng(3, 3)), "was written again ("],
  ])("%s: are named, whether they are remembered or not", async (_, change, message) => {
    for (const cacheBytes of [0, 2 ** 20]) {
      const { data, root } = await opened(2);
      const stream = trainingBatches(data, {
        batchSize: 2,
        seed: 1,
        augment,
        workers: 0,
        ahead: 0,
        cacheBytes,
      });
      const batches = stream.batches()[Symbol.asyncIterator]();
      await batches.next();
      await change(join(root, "images", "b.png"));
      await expect(batches.next()).rejects.toMatchObject({
        code: "data",
        message: expect.stringMatching(new RegExp(`images.b\\.png: ${message.replace("(", "\\(")}`)),
      });
      await stream.dispose();
    }
  });

  it("are noticed even where the size stays", async () => {
    const { data, root } = await opened(2);
    const file = join(root, "labels", "a.png");
    await new Promise((resolve) => setTimeout(resolve, 20));
    await writeFile(
      file,
      greyPng(
        6,
        9,
        noise(54).map((byte) => (byte < 25 ? 9 : byte % 5)),
      ),
    );
    await expect(take(1, data)).rejects.toThrow(/labels.a\.png: was written again .* continue with --resume/);
  });
});

describe("wrong data", () => {
  it("names a label that is no class", async () => {
    const { spec } = await folderSet(2);
    const data = await openTrainingData(spec, { classes: 3, ignoreLabel: 9 });
    await expect(take(1, data)).rejects.toThrow(/\.png: label [34] at row .* is none of the 3 classes/);
  });

  it("needs a number of classes, labels, and enough images for a batch", async () => {
    const { spec } = await folderSet(2);
    await expect(openTrainingData(spec)).rejects.toThrow("the number of classes is not known; add --classes");
    const data = await openTrainingData(spec, { classes: 5, ignoreLabel: 9 });
    expect(() => trainingBatches(data, { batchSize: 3, seed: 1, augment })).toThrow(
      "a batch of 3 images does not fit a data set of 2; use a batch size from 1 to 2",
    );
    expect(() => trainingBatches(data, { batchSize: 1, seed: 1, augment, workers: -1 })).toThrow(
      "workers must be a whole number from 0",
    );
    expect(() =>
      trainingBatches(data, { batchSize: 1, seed: 1, augment: { ...augment, padLabel: 5 } }),
    ).toThrow("padLabel 5 is none of the 5 classes");
  });
});
