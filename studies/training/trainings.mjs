/** The trainings and their evaluations, in folders that a second call finds again. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readResult } from "../../dist/index.js";
import { classes, gratingFolders, size } from "./gratings.mjs";
import { networks } from "./studies.mjs";

/** Radius of the attack in [0, 1] image units, as written: a sixth of the coarse gratings, above the fine ones. */
const eps = "8/255";

/** An attacked accuracy of held-out images from which a backbone counts as robust: chance is 1/8. */
const robustFrom = 0.5;

/** Settings of all trainings. Gratings are told apart by scale and direction, so that images stay as they are. */
const common = [
  ...["--classes", `${classes}`, "--crop", `${size}x${size}`, "--scale", "1,1", "--flip", "0", "--blur", "0"],
  ...["--batch-size", "8", "--clip", "1", "--threads", "1", "--workers", "1", "--resume"],
];

/**
 * Phases of a classifier's training; its last weights are the backbone. The radius grows in two phases: attacked at the whole
 * radius from the start, some networks fall back to guessing.
 */
const phases = {
  clean: [{ name: "clean", epochs: 12, rate: 1, attack: ["--attack-steps", "0", "--eps", eps] }],
  robust: [
    { name: "half", epochs: 4, rate: 1 / 2, attack: ["--attack-steps", "2", "--eps", "4/255"] },
    { name: "robust", epochs: 10, rate: 1 / 2, attack: ["--attack-steps", "3", "--eps", eps] },
  ],
};

/** Makes trainings, or reads them; each classifier is trained once. */
export class Trainings {
  #root;
  #seawall;
  /** Promises of what several trainings need, by its name. */
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
    const evaluation = join(folder, "evaluation");
    if (!existsSync(join(evaluation, "result.json"))) await this.#trainAndEvaluate(cell, folder, evaluation);
    return readResult(evaluation).robust[0].worst;
  }

  async #trainAndEvaluate(cell, folder, evaluation) {
    const { training, test } = await this.#data(cell.seed);
    const init = await this.#classifier(cell, cell.start);
    const { network, rate } = networks[cell.backbone];
    await this.#train(join(folder, "training"), cell.seed, [
      ...["--data", training, "--architecture", network, "--init", init, "--hold-out", "0"],
      ...["--attack-steps", `${cell.steps}`, "--eps", eps, "--epochs", `${cell.epochs}`],
      ...["--learning-rate", `${rate}`, "--warmup-epochs", `${cell.epochs / 8}`],
    ]);
    await this.#seawall(
      [
        ...["eval", "--model", join(folder, "training", "model.onnx"), "--classes", `${classes}`],
        ...[
          "--data",
          test,
          "--class-weights",
          training,
          "--eps",
          eps,
          "--attacks",
          "sea-2024",
          "--steps",
          "20",
        ],
        ...["--threads", "1", "--parallel", "1", "--no-report", "--out", evaluation],
        ...(existsSync(evaluation) ? ["--resume"] : []),
      ],
      join(folder, "evaluation.log"),
    );
  }

  /** Trains unless that is done. The model is what a training writes last. */
  async #train(out, seed, settings) {
    if (existsSync(join(out, "model.onnx"))) return;
    await this.#seawall(["train", ...common, ...settings, "--seed", `${seed}`, "--out", out], `${out}.log`);
  }

  #data(seed) {
    return this.#once(`data ${seed}`, () => gratingFolders(this.#root, seed));
  }

  /** The checkpoint of a classifier, trained on clean images, and from there, if it is to be robust, on attacked ones. */
  #classifier({ backbone, seed }, start) {
    return this.#once(`${start} ${backbone} ${seed}`, async () => {
      let init = start === "clean" ? undefined : await this.#classifier({ backbone, seed }, "clean");
      for (const phase of phases[start]) init = await this.#phase({ backbone, seed, init }, phase);
      checkClassifier(init, start);
      return init;
    });
  }

  async #phase({ backbone, seed, init }, { name, epochs, rate, attack }) {
    const { pretraining } = await this.#data(seed);
    const { classifier, rate: whole } = networks[backbone];
    const out = join(this.#root, `${backbone}-${seed}`, `classifier-${name}`);
    await this.#train(out, seed, [
      ...["--data", pretraining, "--architecture", classifier, ...(init ? ["--init", init] : [])],
      ...[
        "--hold-out",
        "64",
        "--validate-every",
        `${epochs}`,
        "--epochs",
        `${epochs}`,
        "--warmup-epochs",
        "1",
      ],
      ...["--learning-rate", `${rate * whole}`, ...attack],
    ]);
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
  const last = lines.findLast(({ kind }) => kind === "validation");
  const { aAcc } = start === "clean" ? last.clean : last.robust;
  if (aAcc >= robustFrom) return;
  const images = start === "clean" ? "held-out" : "attacked held-out";
  throw new Error(
    `${log}: the ${start} classifier is right on ${aAcc.toFixed(2)} of the ${images} images, and a backbone needs ${robustFrom}: train it longer`,
  );
}
