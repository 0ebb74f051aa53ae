/** Training on images of four bands of 16 bits, anew and from an RGB checkpoint, and attacking what was trained. */
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { randomStream } from "../../src/base/index.js";
import { runEvaluation } from "../../src/evaluate/index.node.js";
import { buildArchitecture, initialWeights } from "../../src/nn/index.js";
import { runTraining, trainingFiles } from "../../src/train/index.node.js";
import { writeSafetensorsFile } from "../../src/weights/index.node.js";
import { folderWith, greyPng, tiff } from "../data/pixels.js";
import { smallTraining } from "./small.js";

const size = 40;
let root: string;
let data: string;

/** Class 1 is bright in the fourth band alone, so that only a network that reads this band can tell it. */
beforeAll(async () => {
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < 8; i++) {
    const random = randomStream("near infrared", i);
    const border = 10 + Math.floor(random.next() * 20);
    const labels = Uint8Array.from({ length: size ** 2 }, (_, at) => (at % size < border ? 0 : 1));
    const bands = Uint16Array.from({ length: 4 * size ** 2 }, (_, at) => {
      const bright = at % 4 === 3 && labels[Math.floor(at / 4)] === 1;
      return (bright ? 3000 : 600) + Math.floor(300 * random.next());
    });
    files[`images/${i}.tif`] = tiff({ height: size, width: size, bands: 4, data: bands });
    files[`labels/${i}.png`] = greyPng(size, size, labels);
  }
  root = await folderWith(files);
  data = `folder:${join(root, "images")},${join(root, "labels")}`;
});

const training = (out: string, more = {}) =>
  smallTraining(data, join(root, out), {
    ...{
      channels: 4,
      pixelRange: [0, 4095],
      holdOut: 2,
      batchSize: 2,
      epochs: 20,
      scale: [1, 1],
      eps: "1/255",
    },
    ...more,
  });

it("learns from a band that RGB networks do not have, and can be attacked", async () => {
  const config = training("anew");
  const told: string[] = [];
  await runTraining(config, { onNotice: (text) => told.push(text) });
  const result = await runEvaluation({
    ...{ model: join(config.out, trainingFiles.model), data, pixelRange: [0, 4095], crop: [32, 32] },
    ...{ eps: "1/255", attacks: "apgd:ce", steps: 3, parallel: 1 },
  });
  expect(result.model.input).toEqual(["N", 4, 32, 32]);
  expect(result.clean.aAcc).toBeGreaterThan(0.9);
});

it("begins from an RGB checkpoint, and says how it is adapted", async () => {
  const rgb = buildArchitecture("upernet-convnext-micro-cvst", { classes: 2, size: [32, 32] });
  const init = join(root, "rgb.safetensors");
  await writeSafetensorsFile(init, initialWeights(rgb.parameters, 0), new Map());
  const told: string[] = [];
  await runTraining(training("adapted", { init, epochs: 1 }), { onNotice: (text) => told.push(text) });
  expect(told.join("\n")).toMatch(/was trained on RGB: its weights are repeated for 4 channels, times 3\/4/);
});

it("names the bands that do not fit", async () => {
  await expect(runTraining(training("three", { channels: 3, epochs: 1 }))).rejects.toThrow(
    /\.tif has 4 bands, the model takes 3 channels: choose the bands, as --bands 1,2,3 does/,
  );
});
