/** Ten steps of each optimizer against PyTorch, and the optimizers by hand where the answer is short. */
import { describe, expect, it } from "vitest";
import { float32 } from "../../src/base/index.js";
import { translateCheckpoint } from "../../src/nn/index.js";
import { corrections, updateGraph } from "../../src/train/graphs/optimizers.js";
import { type OptimizerStepOptions, OptimizerSteps } from "../../src/train/loop/optimizer-steps.js";
import { updateState } from "../../src/train/loop/update.js";
import { evaluate } from "../helpers/gradients.js";
import { tiny } from "../nn/tiny.js";
import { batchOf, byName, norm, openGolden, relativeDistance, tensorsOf } from "./golden.js";

const cases: Readonly<Record<string, OptimizerStepOptions & { readonly learningRate: number }>> = {
  adamw: { optimizer: "adamw", weightDecay: 1e-2, clip: 1, learningRate: 1e-3 },
  sgd: { optimizer: "sgd", weightDecay: 1e-2, clip: 1, learningRate: 1e-2 },
  nesterov: { optimizer: "sgd", nesterov: true, weightDecay: 1e-2, clip: 1, learningRate: 1e-2 },
};

const noAttack = {
  attack: { steps: 0, radius: 0, stepSize: 0, randomStart: false },
  cleanImages: 0,
  seed: 0,
};

/** Parameters whose gradient is not 0 but for rounding, which AdamW makes steps of as long as any. */
async function movedParameters(): Promise<Set<string>> {
  const gradients = await tensorsOf("train/upernet-cvst.gradient.safetensors");
  const { tensors } = translateCheckpoint(gradients, "upernet");
  const norms = [...tensors].map(([name, { data }]) => [name, norm(data as Float32Array)] as const);
  const moved = norms.filter(([, length]) => length > 1e-12).map(([name]) => name);
  // The offsets of norms that a batch normalization takes away again.
  expect(norms.length - moved.length).toBe(3);
  return new Set(moved);
}

describe.each(Object.keys(cases))("ten steps of %s", (name) => {
  it("end at PyTorch's weights", async () => {
    const architecture = tiny["upernet-cvst"];
    const tensors = await tensorsOf("train/upernet-cvst.safetensors");
    const { learningRate, ...options } = cases[name]!;
    const golden = await openGolden(
      architecture,
      "nn/upernet-cvst.authors.pth",
      batchOf(tensors),
      3,
      options.optimizer,
    );
    const { network, layouts } = golden;
    const before = golden.state.parameters.slice();
    const optimizer = await OptimizerSteps.open(options, layouts.groups, { threads: 1 });
    let { state } = golden;
    for (let t = 0; t < 10; t++) {
      const batches = [batchOf(tensors, t)];
      ({ state } = await updateState({ network, optimizer }, state, batches, learningRate, noAttack));
    }
    await network.dispose();
    await optimizer.dispose();

    const stored = await tensorsOf(`train/upernet-cvst.${name}.safetensors`);
    const expected = translateCheckpoint(stored, architecture.family).tensors;
    const [start, end] = [byName(layouts, before), byName(layouts, state.parameters)];
    const moved = await movedParameters();
    for (const [key, values] of [...end].filter(([name]) => moved.has(name))) {
      const theirs = expected.get(key)!.data as Float32Array;
      expect(relativeDistance(values, theirs), key).toBeLessThan(1e-4);
      // The steps too, for weights that hardly moved would agree whatever the optimizer did.
      const begun = start.get(key)!;
      const move = (to: Float32Array) => to.map((value, i) => value - begun[i]!);
      expect(relativeDistance(move(values), move(theirs)), key).toBeLessThan(1e-2);
    }
  });
});

describe("an update by hand", () => {
  const scalars = {
    learningRate: 0.1,
    weightDecay: 0.5,
    gradientScale: 0.5,
    ...corrections(1),
  };
  const feeds = (vectors: Readonly<Record<string, readonly number[]>>) => ({
    ...Object.fromEntries(Object.entries(vectors).map(([name, v]) => [name, float32([v.length], v)])),
    ...Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, float32([], [value])])),
  });

  it("of adamw moves by the learning rate at first, whatever the gradient's length", async () => {
    const result = await evaluate(
      updateGraph("adamw"),
      feeds({ parameters: [1, 1], gradient: [4, -0.02], first: [0, 0], second: [0, 0] }),
    );
    // Decay: 1 − 0.1 · 0.5.
    const [a, b] = result["next/parameters"]!.data as Float32Array;
    expect(a).toBeCloseTo(0.95 - 0.1, 5);
    expect(b).toBeCloseTo(0.95 + 0.1, 5);
  });

  it("of sgd has decay in its velocity", async () => {
    const result = await evaluate(
      updateGraph("sgd", { momentum: 0.5 }),
      feeds({ parameters: [2], gradient: [4], velocity: [1] }),
    );
    // 0.5 · 1 + (0.5 · 4 + 0.5 · 2)
    expect(result["next/velocity"]!.data[0]).toBeCloseTo(3.5, 6);
    expect(result["next/parameters"]!.data[0]).toBeCloseTo(2 - 0.35, 6);
  });
});
