/** Batches made by workers: those of the built program, since a worker needs files that Node can run. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/index.js";
import { type BatchOptions, openTrainingData, trainingBatches } from "../../src/data/index.node.js";
import { folderWith, greyPng, noise, rgbPng } from "./pixels.js";

const built: { trainingBatches: typeof trainingBatches } = await import(
  new URL("../../dist/data/index.node.js", import.meta.url).href
);

async function opened(count: number) {
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < count; i++) {
    files[`images/${i}.png`] = rgbPng(9 + i, 12);
    files[`labels/${i}.png`] = greyPng(
      9 + i,
      12,
      noise((9 + i) * 12).map((byte) => byte % 5),
    );
  }
  const root = await folderWith(files);
  const spec = `folder:${join(root, "images")},${join(root, "labels")}`;
  return { root, data: await openTrainingData(spec, { classes: 5 }) };
}

type Data = Awaited<ReturnType<typeof opened>>["data"];

async function hashes(make: typeof trainingBatches, data: Data, options: Partial<BatchOptions>) {
  const augment = { crop: { height: 8, width: 8 } };
  const stream = make(data, { batchSize: 3, seed: 1, augment, ...options });
  const found: string[] = [];
  try {
    for await (const { step, ids, images, labels } of stream.batches()) {
      const content = [images, labels].map(({ buffer }) => sha256(new Uint8Array(buffer as ArrayBuffer)));
      found.push([step, ...ids, ...content].join(" "));
      if (found.length === 9) break;
    }
  } finally {
    await stream.dispose();
  }
  return found;
}

describe("workers", () => {
  it("change nothing, however many there are and however far they read ahead", async () => {
    const { data } = await opened(7);
    const wanted = await hashes(trainingBatches, data, { workers: 0 });
    expect(new Set(wanted).size).toBe(9);
    for (const options of [
      { workers: 1 },
      { workers: 3, ahead: 0 },
      { workers: 2, ahead: 9, cacheBytes: 1000 },
    ]) {
      expect(await hashes(built.trainingBatches, data, options)).toEqual(wanted);
    }
    expect((await hashes(built.trainingBatches, data, { from: 4 })).slice(0, 5)).toEqual(wanted.slice(4));
  });

  it("end without finishing what nobody waits for", async () => {
    const { data } = await opened(6);
    const augment = { crop: { height: 8, width: 8 } };
    const stream = built.trainingBatches(data, { batchSize: 6, seed: 1, augment, ahead: 50, workers: 2 });
    const batches = stream.batches()[Symbol.asyncIterator]();
    const first = batches.next();
    const refused = expect(first).rejects.toThrow("requested and never awaited");
    await stream.dispose();
    await refused;
    const after = stream.batches()[Symbol.asyncIterator]().next();
    await expect(after).rejects.toThrow("ended too early");
  });

  it("say which file is gone", async () => {
    const { root, data } = await opened(3);
    await rm(join(root, "images", "1.png"));
    await expect(hashes(built.trainingBatches, data, {})).rejects.toMatchObject({
      name: "SeawallError",
      code: "data",
      message: expect.stringMatching(/images.1\.png: vanished since the data set was opened/),
    });
  });
});
