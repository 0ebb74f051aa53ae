/** A data set of a dozen pictures, and trainings on it that take seconds. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { randomStream } from "../../src/base/index.js";
import { parseTrainingConfig, type TrainingInput } from "../../src/train/index.js";
import { folderWith, greyPng, rgbPng } from "../data/pixels.js";

const size = 40;

/** Left half dark and of class 0, right half bright and of class 1, the border elsewhere in each picture. */
function picture(i: number) {
  const random = randomStream("picture", i);
  const border = 10 + Math.floor(random.next() * 20);
  const labels = Uint8Array.from({ length: size ** 2 }, (_, at) => (at % size < border ? 0 : 1));
  const pixels = Uint8Array.from({ length: 3 * size ** 2 }, (_, at) => {
    const base = labels[Math.floor(at / 3)] === 0 ? 60 : 160;
    return base + Math.floor(40 * random.next());
  });
  return { image: rgbPng(size, size, pixels), labels: greyPng(size, size, labels) };
}

/** A root with `images` and `labels`, and the `--data` that names them. */
export async function smallData(images = 12): Promise<{ root: string; data: string }> {
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < images; i++) {
    const { image, labels } = picture(i);
    const name = `p${String(i).padStart(2, "0")}.png`;
    files[`images/${name}`] = image;
    files[`labels/${name}`] = labels;
  }
  const root = await folderWith(files);
  return { root, data: `folder:${join(root, "images")},${join(root, "labels")}` };
}

/** Two epochs of two updates, one attack step each; `out` is a folder that need not exist. */
export function smallTraining(data: string, out: string, more: Partial<TrainingInput> = {}) {
  return parseTrainingConfig({
    ...{ architecture: "upernet-convnext-micro-cvst", data, out, classes: 2 },
    ...{ crop: [32, 32], baseSize: 36, attackSteps: 1, epochs: 2, batchSize: 4, holdOut: 4 },
    ...{ warmupEpochs: 1, validationSteps: 1, threads: 1, workers: 0, learningRate: 2e-3 },
    ...more,
  });
}

/** The log without what depends on the clock. */
export async function logOf(out: string): Promise<unknown[]> {
  const lines = (await readFile(join(out, "log.jsonl"), "utf8")).trim().split("\n");
  return lines.map((line) => ({ ...(JSON.parse(line) as object), imagesPerSecond: undefined }));
}
