/** Attacks step by step against other programs: PyTorch's Adam, adversarial-library (tools/attacks_golden.py). */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type AttackSettings, almaProx, dag, padamFrom, pdpgd } from "../../src/attack/index.js";
import { randomStream } from "../../src/base/index.js";
import { losses } from "../../src/loss/index.js";
import type { ImageOracle } from "../../src/oracle/index.js";
import { floats, oracleOf, part, pgd, type Recorder } from "./golden-image.js";

interface Course {
  correct: number[];
  largest: number[];
  mean: number[];
}

const golden: { steps: number; radius: number; courses: Record<string, Course[]> } = JSON.parse(
  readFileSync(new URL("../golden/attacks.json", import.meta.url), "utf8"),
);
const settings: AttackSettings = {
  radius: golden.radius,
  steps: golden.steps,
  norm: "linf",
  accounting: "strict",
};

/** No perturbation that leaves the image in [0, 1] is larger. */
const everywhere: AttackSettings = { ...settings, radius: 1 };

const attacks = {
  "padam-ce": (oracle: ImageOracle, start: Float32Array) => padamFrom(start, oracle, losses.ce, settings),
  "padam-cos": (oracle: ImageOracle, start: Float32Array) =>
    padamFrom(start, oracle, losses.spherical, settings),
  "alma-prox": (oracle: ImageOracle) => almaProx.run(oracle, everywhere, randomStream(0)),
  pdpgd: (oracle: ImageOracle) => pdpgd.run(oracle, everywhere, randomStream(0)),
  dag: (oracle: ImageOracle) => dag.run(oracle, everywhere, randomStream(0)),
};

const attackLosses = [losses.margin, losses.ce, losses.spherical, losses.dlr, losses["mask-margin"]];

describe.each(Object.entries(attacks))("%s", (name, attack) => {
  it.each([0, 1])("image %i: right pixels and size of the perturbation agree at every point", async (i) => {
    const grey = (value: number) => value / 2 + 0.25;
    const recorder = await oracleOf(i, { losses: attackLosses }, name === "dag" ? grey : undefined);
    await attack(recorder, part(floats(pgd, "start.bin"), i));
    const expected = golden.courses[name]![i]!;
    const seen = courseOf(recorder);
    expect(seen.largest).toEqual(expected.largest.map((size) => expect.closeTo(size, 4)));
    expect(seen.mean).toEqual(expected.mean.map((size) => expect.closeTo(size, 4)));
    const apart = seen.correct.map((correct, at) => Math.abs(correct - expected.correct[at]!));
    expect(Math.max(...apart)).toBeLessThanOrEqual(2);
  });
});

function courseOf({ image, visited: asked }: Recorder): Course {
  // Some attacks ask about a point twice.
  const visited = asked.filter(({ point }, at) => point !== asked[at - 1]?.point);
  const sizes = visited.map(({ point }) => point.map((value, i) => Math.abs(value - image[i]!)));
  return {
    correct: visited.map(({ correct }) => correct),
    largest: sizes.map((size) => Math.max(...size)),
    mean: sizes.map((size) => size.reduce((sum, value) => sum + value, 0) / size.length),
  };
}
