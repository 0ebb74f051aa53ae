/** SegPGD, CosPGD and replays against PyTorch; see tools/training_golden.py. */
import { describe, expect, it } from "vitest";
import { numbersOf, randomStream } from "../../src/base/index.js";
import { translateCheckpoint } from "../../src/nn/index.js";
import { climbedLosses } from "../../src/train/graphs/loss.js";
import { parseTrainingConfig, type TrainingInput } from "../../src/train/index.js";
import { innerAttack } from "../../src/train/loop/inner-attack.js";
import { OptimizerSteps } from "../../src/train/loop/optimizer-steps.js";
import { updateState } from "../../src/train/loop/update.js";
import type { TrainingState } from "../../src/train/state/state.js";
import { tiny } from "../nn/tiny.js";
import { batchOf, byName, openGolden, relativeDistance, tensorsOf } from "./golden.js";

const name = "upernet-cvst";
const weights = "nn/upernet-cvst.authors.pth";
const attack = { steps: 4, radius: 4 / 255, stepSize: 1 / 255, randomStart: false };

/** Rounding decides a sign where a gradient is next to zero. */
const shareOfSigns = 0.002;

/** The share of pixels at which two lists of whole numbers differ. */
function differing(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const differences = Array.from(a).filter((value, i) => value !== b[i]);
  return differences.length / b.length;
}

async function attackedBy(kind: keyof typeof climbedLosses) {
  const batch = batchOf(await tensorsOf(`train/${name}.safetensors`));
  const more = { climbed: climbedLosses[kind] };
  const { network, state } = await openGolden(tiny[name], weights, batch, 3, "sgd", more);
  const { images, firstLoss } = await innerAttack(network, state, batch, attack, randomStream("none"));
  await network.dispose();
  return { points: Array.from(images, (value) => Math.round(255 * value)), firstLoss };
}

describe("the inner attack", () => {
  it.each(["segpgd", "cospgd"] as const)("%s is PyTorch's, and not PGD", async (kind) => {
    const expected = numbersOf((await tensorsOf(`train/${name}.attacks.safetensors`)).get(kind)!);
    const [pgd, own] = [await attackedBy("pgd"), await attackedBy(kind)];
    expect(differing(own.points, expected)).toBeLessThan(shareOfSigns);
    expect(differing(pgd.points, expected)).toBeGreaterThan(10 * shareOfSigns);
    // The loss that is reported is the one that is trained on, whatever the attack climbs.
    expect(own.firstLoss).toBe(pgd.firstLoss);
  });
});

describe("replays", () => {
  it("move weights and the perturbation that they carry as PyTorch does", async () => {
    const tensors = await tensorsOf(`train/${name}.safetensors`);
    const first = batchOf(tensors);
    const golden = await openGolden(tiny[name], weights, first, 3, "sgd", { replaying: true });
    const { network, layouts } = golden;
    const options = { optimizer: "sgd", weightDecay: 0, momentum: 0.9 } as const;
    const optimizer = await OptimizerSteps.open(options, layouts.groups, { threads: 1 });
    const settings = { attack: { ...attack, steps: 1, stepSize: 3 / 255 }, cleanImages: 0, seed: 0 };
    const before = golden.state.parameters.slice();
    let state: TrainingState = { ...golden.state, perturbation: new Float32Array(first.images.length) };
    for (const shift of [0, 0, 0, 1, 1, 1]) {
      const updated = await updateState(
        { network, optimizer },
        state,
        [batchOf(tensors, shift)],
        1e-2,
        settings,
      );
      state = updated.state;
      expect(updated.report.cleanLoss).toBeNull();
    }
    await network.dispose();
    await optimizer.dispose();

    const stored = await tensorsOf(`train/${name}.replays.safetensors`);
    const units = Array.from(state.perturbation!, (value) => Math.round(255 * value) + 4);
    expect(differing(units, numbersOf(stored.get("perturbation")!))).toBeLessThan(shareOfSigns);

    const expected = translateCheckpoint(stored, tiny[name].family).tensors;
    const [start, end] = [byName(layouts, before), byName(layouts, state.parameters)];
    for (const [key, values] of end) {
      const [theirs, begun] = [expected.get(key)!.data as Float32Array, start.get(key)!];
      expect(relativeDistance(values, theirs), key).toBeLessThan(1e-4);
      const moved = values.map((value, i) => value - begun[i]!);
      const theirMove = theirs.map((value, i) => value - begun[i]!);
      if (Math.hypot(...theirMove) > 1e-4) expect(relativeDistance(moved, theirMove), key).toBeLessThan(1e-2);
    }
  });
});

describe("settings of the inner attack", () => {
  const parse = (more: Partial<TrainingInput>) =>
    parseTrainingConfig({ architecture: "upernet-convnext-micro-cvst", data: "x", out: "y", ...more });

  it("of replays are one step of the radius, unless given", () => {
    expect(parse({ replay: 5, eps: "2/255" })).toMatchObject({ attackSteps: 1, stepSize: "2/255" });
    expect(parse({ replay: 5, stepSize: "1/255" })).toMatchObject({ stepSize: "1/255" });
    expect(parse({})).toMatchObject({ attack: "pgd", attackSteps: 2, stepSize: "0.01" });
  });

  it.each<[Partial<TrainingInput>, string]>([
    [
      { replay: 4, attackSteps: 2 },
      "replay: each replay is one step of the attack, not 2; give --attack-steps 1",
    ],
    [{ replay: 4, attack: "segpgd" }, "replay: replays climb the training loss; leave --attack segpgd out"],
    [{ replay: 4, attackGradients: "accumulate" }, "leave --attack-gradients out"],
    [{ replay: 4, randomStart: true }, "leave --random-start out"],
    [{ replay: 4, cleanShare: 0.5 }, "leave --clean-share 0.5 out"],
    [{ replay: 4, epochs: 50 }, "replay: --epochs 50 is no multiple of 4; give 48 or 52"],
    [{ replay: 4, epochs: 3 }, "--epochs 3 is no multiple of 4; give 4"],
    [{ replay: 4, recipe: "pir-at5-voc-upernet-convnext-t", epochs: 52 }, "not 5; give --attack-steps 1"],
    [
      { attack: "segpgd", attackGradients: "accumulate" },
      "attackGradients: accumulate is what the published code",
    ],
    [{ attack: "cospgd", attackSteps: 0 }, "attack: --attack-steps 0 attacks nothing"],
  ])("that contradict each other are refused: %o", (settings, message) => {
    expect(() => parse({ epochs: 48, ...settings })).toThrow(message);
  });
});
