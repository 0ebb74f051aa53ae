/** Folders of trainings as `seawall train` writes them, made up. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TrainingLine } from "../../src/journal/index.js";

/** Two epochs of ten updates each, by a batch of eight images at two images a second, of which the first is done. */
export const lines: readonly TrainingLine[] = [
  ...Array.from({ length: 10 }, (_, i) => ({
    kind: "step" as const,
    ...{ step: i + 1, epoch: (i + 1) / 10, loss: 1 / (i + 1), cleanLoss: 0.5 / (i + 1) },
    ...{ gradientNorm: 3, learningRate: 1e-3, imagesPerSecond: 2 },
  })),
  {
    kind: "validation",
    ...{ step: 10, epoch: 1, clean: { aAcc: 0.75, mIoU: 0.5 }, robust: { aAcc: 0.625, mIoU: 0.25 } },
  },
];

export const description = {
  engine: "seawall",
  data: { images: 80, filesSha256: "0", labels: {}, classes: 3, classNames: ["sky", "road", "tree"] },
  config: {
    ...{ architecture: "upernet-convnext-micro-cvst", data: "camvid:CamVid", epochs: 2, batchSize: 8 },
    ...{ accumulate: 1, attack: "segpgd", attackSteps: 3, eps: "4/255" },
  },
};

export const logText = (list: readonly object[]) => list.map((line) => `${JSON.stringify(line)}\n`).join("");

/** Writes the folder of a training; `more` changes its settings. */
export function writeTraining(dir: string, list: readonly object[] = lines, more: object = {}): void {
  mkdirSync(dir, { recursive: true });
  const config = { ...description.config, ...more };
  writeFileSync(join(dir, "training.json"), JSON.stringify({ ...description, config }));
  writeFileSync(join(dir, "log.jsonl"), logText(list));
}
