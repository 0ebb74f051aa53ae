/** One update: what the attack may do, and which gradients make the step. */
import { beforeAll, describe, expect, it } from "vitest";
import { randomStream } from "../../src/base/index.js";
import { build, initialWeights } from "../../src/nn/index.js";
import { innerAttack } from "../../src/train/loop/inner-attack.js";
import { type Batch, buildNetwork, TrainingNetwork } from "../../src/train/loop/network.js";
import { OptimizerSteps } from "../../src/train/loop/optimizer-steps.js";
import { type UpdateSettings, updateState } from "../../src/train/loop/update.js";
import { validate } from "../../src/train/loop/validate.js";
import { initialState, type TrainingState } from "../../src/train/state/state.js";
import { tiny } from "../nn/tiny.js";
import { relativeDistance } from "./golden.js";

const [images, classes, side] = [4, 3, 32];
const architecture = tiny["upernet-cvst"];

function batchOf(seed: number): Batch {
  const labels = randomStream("labels", seed).uniform(images * side ** 2, -1, classes);
  return {
    images: randomStream("images", seed).uniform(images * 3 * side ** 2, 0, 1),
    labels: BigInt64Array.from(labels, (label) => BigInt(Math.floor(label))),
  };
}

/** The tiny network without what chance could leave out, `attacked` of its images attacked. */
async function open({
  averageDecay,
  ...options
}: {
  attacked?: number;
  accumulating?: boolean;
  averageDecay?: number;
} = {}) {
  const averaging = averageDecay === undefined ? {} : { averageDecay };
  const size = [side, side] as const;
  const sizes = { size, batchSize: images, attacked: images, accumulating: false, seed: 0, ...options };
  const builds = buildNetwork(architecture, sizes, { classes });
  const certain = {
    ...builds.training,
    noise: builds.training.noise.map((input) => ({ ...input, keep: 1 })),
  };
  const { layouts } = builds;
  const network = await TrainingNetwork.open(sizes, { ...builds, training: certain }, { threads: 1 });
  // Plain gradient descent with rate 1: the parameters move by the gradient itself.
  const update = { optimizer: "sgd", momentum: 0, weightDecay: 0 } as const;
  const optimizer = await OptimizerSteps.open({ ...update, ...averaging }, layouts.groups, { threads: 1 });
  const weights = initialWeights(
    build(architecture, { classes, size, training: true, batch: images, auxiliary: true }).parameters,
    1,
  );
  return {
    learner: { network, optimizer },
    network,
    state: initialState(layouts, weights, "sgd", averageDecay !== undefined),
  };
}

const attack = { steps: 2, radius: 4 / 255, stepSize: 0.01, randomStart: false };
const settings: UpdateSettings = { attack, cleanImages: 0, seed: 3 };
/** A state with arrays of its own. */
const copyOf = (state: TrainingState): TrainingState => ({
  ...state,
  parameters: state.parameters.slice(),
  statistics: state.statistics.slice(),
  moments: state.moments.map((moment) => moment.slice()),
  average: state.average?.slice(),
});
const difference = (a: Float32Array, b: Float32Array) => a.map((value, i) => value - b[i]!);
const plus = (...terms: Float32Array[]) =>
  terms[0]!.map((_, i) => terms.reduce((sum, term) => sum + term[i]!, 0));

describe("the inner attack", () => {
  let opened: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    opened = await open();
  });
  const run = (more: Partial<typeof attack>) =>
    innerAttack(opened.network, opened.state, batchOf(1), { ...attack, ...more }, randomStream("start"));
  const lossAt = async (points: Float32Array) => {
    const step = await opened.network.beginAttack(opened.state);
    return (await step({ ...batchOf(1), images: points }, points, attack)).loss;
  };

  it("moves every pixel by the step size along the gradient's sign, inside the ball and [0, 1]", async () => {
    const clean = batchOf(1).images;
    const { images: points } = await run({ steps: 1 });
    let moved = 0;
    for (const [i, point] of points.entries()) {
      const inside = clean[i]! > 0.01 && clean[i]! < 0.99;
      if (inside && point !== clean[i]) expect(Math.abs(point - clean[i]!)).toBeCloseTo(0.01, 6);
      if (point !== clean[i]) moved++;
    }
    expect(moved / points.length).toBeGreaterThan(0.99);
  });

  it("stays in the ball however many steps it takes", async () => {
    const clean = batchOf(1).images;
    const { images: points } = await run({ steps: 5, randomStart: true });
    expect(Math.max(...difference(points, clean).map(Math.abs))).toBeLessThanOrEqual(4 / 255 + 1e-7);
    expect(Math.min(...points)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...points)).toBeLessThanOrEqual(1);
  });

  it("raises the loss, with every step", async () => {
    const { firstLoss, images: after1 } = await run({ steps: 1, stepSize: 0.002 });
    const { images: after4 } = await run({ steps: 4, stepSize: 0.002 });
    expect(firstLoss).toBeCloseTo(await lossAt(batchOf(1).images), 6);
    expect(await lossAt(after1)).toBeGreaterThan(firstLoss);
    expect(await lossAt(after4)).toBeGreaterThan(await lossAt(after1));
  });

  it("of no steps, or of radius 0, leaves the images", async () => {
    expect((await run({ steps: 0 })).images).toEqual(batchOf(1).images);
    expect((await run({ radius: 0 })).images).toEqual(batchOf(1).images);
  });

  it("starts at random by its stream alone", async () => {
    const [a, b] = [await run({ randomStart: true }), await run({ randomStart: true })];
    expect(a.images).toEqual(b.images);
    expect(a.images).not.toEqual((await run({})).images);
  });
});

describe("an update", () => {
  it("follows the gradient at the attacked images", async () => {
    const { learner, network, state } = await open();
    const before = copyOf(state);
    const points = (await innerAttack(network, before, batchOf(1), attack, randomStream("x"))).images;
    const { gradient } = await network.gradient(state, { ...batchOf(1), images: points }, 0);
    const expected = gradient.slice();
    const { state: after } = await updateState(learner, state, [batchOf(1)], 1, settings);
    expect(relativeDistance(difference(before.parameters, after.parameters), expected)).toBeLessThan(1e-5);
    expect(after.step).toBe(1);
  });

  it("is the mean over accumulated batches", async () => {
    const { learner, network, state } = await open();
    const before = copyOf(state);
    const clean = { ...settings, attack: { ...attack, steps: 0 } };
    const gradientOf = async (seed: number) =>
      (await network.gradient(before, batchOf(seed), 0)).gradient.slice();
    const expected = plus(await gradientOf(1), await gradientOf(2)).map((sum) => sum / 2);
    const { state: after } = await updateState(learner, state, [batchOf(1), batchOf(2)], 1, clean);
    expect(relativeDistance(difference(before.parameters, after.parameters), expected)).toBeLessThan(1e-5);
  });

  it("adds the gradients of the attack's passes where that is asked for, as the published code does", async () => {
    const { learner, network, state } = await open({ accumulating: true });
    const before = copyOf(state);
    const parts: Float32Array[] = [];
    const batch = batchOf(1);
    const attacked = await network.beginAttack(before);
    let points = batch.images;
    for (let t = 0; t < attack.steps; t++) {
      const step = await attacked({ ...batch, images: points }, batch.images, attack);
      parts.push(step.gradient!.slice());
      points = step.next;
    }
    parts.push((await network.gradient(state, { ...batch, images: points }, 0)).gradient.slice());
    const { state: after } = await updateState(learner, state, [batch], 1, settings);
    const moved = difference(before.parameters, after.parameters);
    expect(relativeDistance(moved, plus(...parts))).toBeLessThan(1e-5);
    expect(relativeDistance(moved, parts.at(-1)!)).toBeGreaterThan(0.1);
  });

  it("leaves the first images of a mixed batch clean", async () => {
    const { learner, network, state } = await open({ attacked: images - 1 });
    const before = copyOf(state);
    const batch = batchOf(1);
    const [first, labels] = [batch.images.length / images, batch.labels.length / images];
    const rest = { images: batch.images.subarray(first), labels: batch.labels.subarray(labels) };
    const points = (await innerAttack(network, before, rest, attack, randomStream("x"))).images;
    const mixed = Float32Array.from([...batch.images.subarray(0, first), ...points]);
    const expected = (await network.gradient(state, { ...batch, images: mixed }, 0)).gradient.slice();
    const { state: after } = await updateState(learner, state, [batch], 1, { ...settings, cleanImages: 1 });
    expect(relativeDistance(difference(before.parameters, after.parameters), expected)).toBeLessThan(1e-5);
  });
});

describe("a state", () => {
  it("is not changed by passes, and by the update only in that the next one takes its arrays", async () => {
    const { learner, network, state } = await open();
    const before = copyOf(state);
    await network.gradient(state, batchOf(1), 0);
    await network.predict(state, batchOf(1).images);
    await innerAttack(network, state, batchOf(1), attack, randomStream("x"));
    expect(state).toEqual(before);
    const { state: next } = await updateState(learner, state, [batchOf(1)], 1, settings);
    // An update does, in place.
    expect(state.parameters).toBe(next.parameters);
    expect(state.parameters).not.toEqual(before.parameters);
  });

  it("has the same next state whenever it is updated, to the bit", async () => {
    const { learner, state } = await open({ averageDecay: 0.9 });
    const twin = copyOf(state);
    const update = async (from: TrainingState) =>
      (await updateState(learner, from, [batchOf(1), batchOf(2)], 0.1, settings)).state;
    const first = copyOf(await update(state));
    expect(await update(twin)).toEqual(first);
    expect(first.statistics).not.toEqual(twin.statistics);
    expect(first.average).not.toEqual(first.parameters);
  });

  it("is refused once its arrays have been taken", async () => {
    const { learner, state } = await open();
    const { state: next } = await updateState(learner, state, [batchOf(1)], 1, settings);
    await expect(updateState(learner, state, [batchOf(1)], 1, settings)).rejects.toThrow(/spent/);
    expect((await updateState(learner, next, [batchOf(1)], 1, settings)).state.step).toBe(2);
    await expect(updateState(learner, state, [batchOf(1)], 1, settings)).rejects.toThrow(/spent/);
  });
});

it("validation counts clean and attacked images, and not what fills up a batch", async () => {
  const { network, state } = await open();
  const batch = batchOf(1);
  const all = await validate(network, state, [batch], attack, classes);
  expect(all.robust.aAcc!).toBeLessThan(all.clean.aAcc!);
  const padded = {
    ...batch,
    labels: batch.labels.map((label, i) => (i < batch.labels.length / 2 ? label : -1n)),
  };
  const half = await validate(
    network,
    state,
    [padded, { ...batch, labels: batch.labels.map(() => -1n) }],
    attack,
    classes,
  );
  const predicted = Array.from(await network.predict(state, batch.images));
  const counted = predicted
    .map((guess, i) => [guess, Number(padded.labels[i])] as const)
    .filter(([, label]) => label >= 0);
  const right = counted.filter(([guess, label]) => guess === label).length;
  expect(half.clean.aAcc).toBeCloseTo(right / counted.length, 12);
});
