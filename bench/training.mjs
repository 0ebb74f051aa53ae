/**
 * Updates of adversarial training on request, as `seawall train` makes them with so many attack steps. All updates use the
 * same batch.
 */
import { architectures, initialWeights } from "../dist/nn/index.js";
import { buildNetwork } from "../dist/train/loop/network.js";
import { OptimizerSteps } from "../dist/train/loop/optimizer-steps.js";
import { updateState } from "../dist/train/loop/update.js";
import { openNetwork } from "../dist/train/run/parts.node.js";
import { initialState } from "../dist/train/state/state.js";
import { serve } from "./serve.mjs";

const classes = 11;
const learningRate = 1e-3;
const [name, size, steps, threads, device = "cpu"] = process.argv.slice(2);
const settings = {
  attack: { steps: Number(steps), radius: 4 / 255, stepSize: 4 / 255, randomStart: true },
  cleanImages: 0,
  seed: 0,
};

const [images, , height, width] = size.split("x").map(Number);

const noise = (i) => Math.abs((Math.sin(12.9898 * i) * 43758.5453) % 1);
const batch = {
  images: Float32Array.from({ length: images * 3 * height * width }, (_, i) => noise(i)),
  labels: BigInt64Array.from({ length: images * height * width }, (_, i) => BigInt((i % (classes + 1)) - 1)),
};

const engine = { threads: Number(threads), device };
const options = {
  size: [height, width],
  ...{ batchSize: images, attacked: images, accumulating: false, seed: 0, parts: engine.threads },
};
const builds = buildNetwork(architectures[name], options, { classes });
const learner = {
  network: await openNetwork(options, builds, engine),
  optimizer: await OptimizerSteps.open(
    { optimizer: "adamw", weightDecay: 0.05 },
    builds.layouts.groups,
    engine,
  ),
};
let state = initialState(builds.layouts, initialWeights(builds.training.parameters, 0), "adamw", false);
await serve(async () => {
  ({ state } = await updateState(learner, state, [batch], learningRate, settings));
});
