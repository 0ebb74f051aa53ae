/**
 * Updates of adversarial training on demand, as `seawall train` makes them with two attack steps: always on the same
 * batch.
 */
import { architectures, initialWeights } from "../dist/nn/index.js";
import { buildNetwork } from "../dist/train/loop/network.js";
import { Updater } from "../dist/train/loop/optimize.js";
import { trainingStep } from "../dist/train/loop/step.js";
import { laneCount } from "../dist/train/run/lanes.node.js";
import { openNetwork } from "../dist/train/run/learner.node.js";
import { initialState, layOutParameters } from "../dist/train/state/parameters.js";
import { serve } from "./serve.mjs";

const classes = 11;
const learningRate = 1e-3;
const settings = {
  attack: { steps: 2, radius: 4 / 255, stepSize: 4 / 255, randomStart: true },
  cleanImages: 0,
  seed: 0,
};

const [name, size, threads] = process.argv.slice(2);
const [images, , height, width] = size.split("x").map(Number);

const noise = (i) => Math.abs((Math.sin(12.9898 * i) * 43758.5453) % 1);
const batch = {
  images: Float32Array.from({ length: images * 3 * height * width }, (_, i) => noise(i)),
  labels: BigInt64Array.from({ length: images * height * width }, (_, i) => BigInt((i % (classes + 1)) - 1)),
};

const learner = await openLearner();
await serve(() => trainingStep(learner, [batch], learningRate, settings));

async function openLearner() {
  const engine = { threads: Number(threads) };
  const batches = { batchSize: images, attacked: images, accumulating: false };
  const options = { size: [height, width], ...batches, seed: 0, lanes: laneCount(batches, engine) };
  const builds = buildNetwork(architectures[name], options, { classes });
  const layouts = layOutParameters(builds.training);
  return {
    network: await openNetwork(options, builds, layouts, engine),
    updater: await Updater.open({ optimizer: "adamw", weightDecay: 0.05 }, layouts.groups, engine),
    state: initialState(layouts, initialWeights(builds.training.parameters, 0), "adamw", false),
  };
}
