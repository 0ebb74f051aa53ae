/** The trainings and their evaluations, in folders that a second call finds again. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readResult } from "../../dist/index.js";
import { classes, gratingFolders, size } from "./gratings.mjs";
import { networks } from "./studies.mjs";

/** Radius of the attack: a sixth of the coarse gratings' amplitude, above that of the fine ones. */
const eps = "8/255";

/** The accuracy of (attacked) held-out images from which a backbone is taken as clean (robust); chance is 1/8. */
const leastAccuracy = 0.5;

const running = { classes, threads: 1 };

/** Settings of all trainings. Scale and direction tell gratings apart, so that images stay as they are. */
const common = {
  ...{ ...running, workers: 1, resume: true },
  ...{ crop: `${size}x${size}`, scale: "1,1", flip: 0, blur: 0, batchSize: 8, clip: 1 },
};

/**
 * Phases of a classifier's training; its last weights are the backbone. The radius grows: attacked at the whole radius from the
 * start, some networks fall back to guessing.
 */
const phases = {
  clean: () => [{ attackSteps: 0, eps, epochs: 12 }],
  robust: ({ radii }) => [
    ...radii.map((radius) => ({ attackSteps: 2, eps: radius, epochs: 4 })),
    { attackSteps: 3, eps, epochs: 10 },
  ],
};

/** Makes trainings, or reads them; each classifier is trained once. */
export class Trainings {
  #root;
  #seawall;
  /** Promises of what several trainings need, by name. */
  #shared = new Map();

  /**
   * @param {string} root
   * @param {import("./seawall.mjs").Seawall} seawall
   */
  constructor(root, seawall) {
    this.#root = root;
    this.#seawall = seawall;
  }

  /**
   * The worst-case figures of a training on the test images.
   * @param {import("./studies.mjs").Cell} cell
   * @returns {Promise<{ aAcc: number, mIoU: number }>} fractions
   */
  async figures(cell) {
    const { backbone, seed, start, steps, epochs } = cell;
    const folder = join(this.#root, `${backbone}-${seed}`, `${start}-at${steps}-${epochs}`);
    const out = join(folder, "evaluation");
    if (!existsSync(join(out, "result.json"))) {
      await this.#segmentation(cell, join(folder, "training"));
      await this.#evaluate(seed, join(folder, "training", "model.onnx"), out);
    }
    return readResult(out).robust[0].worst;
  }

  async #segmentation({ backbone, start, steps, epochs, seed }, out) {
    const { training: data } = await this.#data(seed);
    const init = await this.#classifier({ backbone, seed }, start);
    const { network: architecture, rate: learningRate } = networks[backbone];
    const optimization = { epochs, learningRate, warmupEpochs: epochs / 8 };
    await this.#train(out, {
      data,
      architecture,
      init,
      holdOut: 0,
      attackSteps: steps,
      eps,
      ...optimization,
      seed,
    });
  }

  async #evaluate(seed, model, out) {
    const { training: classWeights, test: data } = await this.#data(seed);
    const attack = { eps, attacks: "sea-2024", steps: 20, classWeights };
    const files = { model, data, out, resume: existsSync(out) };
    await this.#seawall("eval", { ...files, ...attack, ...running, parallel: 1, noReport: true });
  }

  /** Trains unless that is done. The model is what a training writes last. */
  async #train(out, settings) {
    if (!existsSync(join(out, "model.onnx"))) await this.#seawall("train", { ...common, ...settings, out });
  }

  #data(seed) {
    return this.#once(`data ${seed}`, () => gratingFolders(this.#root, seed));
  }

  /** The checkpoint of a classifier, trained on clean images, and from there, if it is to be robust, on attacked ones. */
  #classifier({ backbone, seed }, start) {
    return this.#once(`${start} ${backbone} ${seed}`, async () => {
      let init = start === "robust" ? await this.#classifier({ backbone, seed }, "clean") : undefined;
      const { classifier: architecture, classifierRates } = networks[backbone];
      for (const [i, phase] of phases[start](networks[backbone]).entries()) {
        const settings = { architecture, init, ...phase, learningRate: classifierRates[start], seed };
        init = await this.#phase(
          join(this.#root, `${backbone}-${seed}`, `${start}-classifier-${i}`),
          settings,
        );
      }
      checkClassifier(init, start);
      return init;
    });
  }

  async #phase(out, settings) {
    const { pretraining: data } = await this.#data(settings.seed);
    const heldOut = { holdOut: 64, validateEvery: settings.epochs };
    await this.#train(out, { data, ...heldOut, ...settings, warmupEpochs: 1 });
    return join(out, "last.safetensors");
  }

  #once(name, make) {
    if (!this.#shared.has(name)) this.#shared.set(name, make());
    return this.#shared.get(name);
  }
}

/** Refuses a backbone that guesses, whose trainings would say nothing of what a start is worth. */
function checkClassifier(checkpoint, start) {
  const log = join(checkpoint, "..", "log.jsonl");
  const lines = readFileSync(log, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const { aAcc } = lines.findLast(({ kind }) => kind === "validation")[start];
  if (aAcc >= leastAccuracy) return;
  const images = start === "robust" ? "attacked held-out" : "held-out";
  throw new Error(
    `${log}: the ${start} classifier is right on ${aAcc.toFixed(2)} of the ${images} images, and a backbone needs ${leastAccuracy}: train it for more epochs`,
  );
}
