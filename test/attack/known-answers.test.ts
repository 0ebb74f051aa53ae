/** Attacks on objectives with a known best point, in both norms; and invariants of every point they try. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Attack,
  type AttackSettings,
  almaProx,
  apgd,
  apgdFrom,
  dag,
  noise,
  padam,
  pdpgd,
  pgd,
  regionSearch,
  square,
  stagesFor,
} from "../../src/attack/index.js";
import { randomStream } from "../../src/base/index.js";
import { losses } from "../../src/loss/index.js";
import { ClosedForm, linear, quadratic } from "./closed-form.js";

const features = 12;
const base: AttackSettings = { radius: 0.1, steps: 60, norm: "linf", accounting: "strict" };
const numbers = (key: number, low: number, high: number) =>
  randomStream("known", key).uniform(features, low, high);
const lengthOf = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
const minus = (a: Float32Array, b: Float32Array) => a.map((value, i) => value - b[i]!);

describe.each([0, 1, 2, 3])("APGD on random objective %i", (key) => {
  const image = numbers(key, 0.3, 0.7);
  const weights = numbers(key + 100, -1, 1);

  it("ℓ∞, linear: every value ends at ε in the direction of its weight", async () => {
    const { point } = await apgd(losses.ce).run(
      new ClosedForm(image, linear(weights)),
      base,
      randomStream(key),
    );
    for (const [i, value] of point.entries()) {
      expect(value).toBeCloseTo(image[i]! + base.radius * Math.sign(weights[i]!), 4);
    }
  });

  it("ℓ2, linear: ends on the sphere in the direction of the weights", async () => {
    const settings: AttackSettings = { ...base, norm: "l2", radius: 0.25 };
    const { point } = await apgd(losses.ce).run(
      new ClosedForm(image, linear(weights)),
      settings,
      randomStream(key),
    );
    const delta = minus(point, image);
    expect(lengthOf(delta)).toBeCloseTo(0.25, 4);
    const cosine =
      delta.reduce((sum, value, i) => sum + value * weights[i]!, 0) / (lengthOf(delta) * lengthOf(weights));
    expect(cosine).toBeGreaterThan(0.999);
  });

  it("ℓ∞, quadratic: every value ends as near to the centre as the cube allows", async () => {
    const centre = numbers(key + 200, 0, 1);
    const oracle = new ClosedForm(image, quadratic(centre));
    const { point } = await apgd(losses.ce).run(oracle, { ...base, steps: 200 }, randomStream(key));
    for (const [i, value] of point.entries()) {
      const best = Math.min(Math.max(centre[i]!, image[i]! - base.radius), image[i]! + base.radius);
      expect(Math.abs(value - best)).toBeLessThan(0.01);
    }
  });

  it("ℓ2, quadratic with its centre inside: ends at the centre", async () => {
    const centre = image.map((value, i) => value + 0.02 * weights[i]!);
    const oracle = new ClosedForm(image, quadratic(centre));
    const settings: AttackSettings = { ...base, norm: "l2", radius: 0.3, steps: 200 };
    const { point } = await apgd(losses.ce).run(oracle, settings, randomStream(key));
    expect(lengthOf(minus(point, centre))).toBeLessThan(0.02);
  });
});

it("PAdam on a linear objective ends in the corner of its weights", async () => {
  const image = numbers(7, 0.3, 0.7);
  const weights = numbers(107, -1, 1);
  const { point } = await padam(losses.ce).run(new ClosedForm(image, linear(weights)), base, randomStream(7));
  for (const [i, value] of point.entries())
    expect(value).toBeCloseTo(image[i]! + base.radius * Math.sign(weights[i]!), 5);
});

const all: readonly Attack[] = [
  apgd(losses.ce),
  apgd(losses.ce, "reduce"),
  pgd(losses.ce),
  padam(losses.ce),
  dag,
  square,
  regionSearch,
  noise,
];

describe.each(all)("$name with a $radiusSchedule radius", (attack) => {
  const settings = fc.record({
    radius: fc.double({ min: 0.01, max: 0.6, noNaN: true }),
    steps: fc.integer({ min: 1, max: 12 }),
    norm: fc.constantFrom("linf" as const, "l2" as const),
    accounting: fc.constantFrom("strict" as const, "authors" as const),
  });

  it("keeps a point of the ball and of [0, 1], within its steps and passes, and leaves the image alone", async () => {
    await fc.assert(
      fc.asyncProperty(settings, fc.nat(50), async (chosen, key) => {
        const image = numbers(key, 0, 1);
        const copy = image.slice();
        const oracle = new ClosedForm(image, linear(numbers(key + 1, -1, 1)));
        const { point, step } = await attack.run(oracle, chosen, randomStream("run", key));
        expect(image).toEqual(copy);
        expect(point.every((value) => value >= 0 && value <= 1)).toBe(true);
        const delta = minus(point, image);
        const size = chosen.norm === "l2" ? lengthOf(delta) : Math.max(...delta.map(Math.abs));
        expect(size).toBeLessThanOrEqual(chosen.radius + 1e-6);
        const steps = attack.fixedSteps ?? chosen.steps;
        expect(step >= 0 && step <= steps).toBe(true);
        expect(oracle.cost.forward).toBeLessThanOrEqual(attack.passes(chosen.steps));
      }),
      { numRuns: 12 },
    );
  });

  it("repeats itself on an equal stream", async () => {
    const run = () =>
      attack.run(new ClosedForm(numbers(5, 0, 1), linear(numbers(6, -1, 1))), base, randomStream("again"));
    expect(await run()).toEqual(await run());
  });
});

it.each([almaProx, pdpgd])("$name, made for linf, refuses l2", async (attack) => {
  const oracle = new ClosedForm(numbers(1, 0, 1), linear(numbers(2, -1, 1)));
  await expect(attack.run(oracle, { ...base, norm: "l2" }, randomStream(0))).rejects.toThrow(
    `${attack.name} is made for linf, not l2; choose another attack`,
  );
});

it.each(["linf", "l2"] as const)("a start outside the %s ball is brought into it", async (norm) => {
  const image = numbers(1, 0.4, 0.6);
  const oracle = new ClosedForm(image, linear(numbers(2, -1, 1)));
  const far = image.map((value, i) => value + (i % 2 ? 5 : -5));
  await apgdFrom(far, oracle, stagesFor(losses.ce, "constant"), { ...base, norm, steps: 1 });
  const delta = minus(oracle.points[0]!, image);
  const size = norm === "l2" ? lengthOf(delta) : Math.max(...delta.map(Math.abs));
  expect(size).toBeGreaterThan(0.9 * base.radius);
  expect(size).toBeLessThanOrEqual(base.radius + 1e-6);
});

it("each point of the square attack differs from one before by ±2ε in one block of columns per channel", async () => {
  const image = new Float32Array(features).fill(0.5);
  const oracle = new ClosedForm(image, linear(numbers(3, -1, 1)));
  await square.run(oracle, { ...base, steps: 50 }, randomStream("square"));
  const width = features / 3;
  for (const [i, point] of oracle.points.entries()) {
    for (const value of point) expect(Math.abs(Math.abs(value - 0.5) - base.radius)).toBeLessThan(1e-6);
    if (i === 0) continue;
    // The image is one row high, so that a square is one pixel.
    const changed = oracle.points.slice(0, i).map((before) => {
      const places = [...point.keys()].filter((at) => Math.abs(point[at]! - before[at]!) > 1e-6);
      return new Set(places.map((at) => at % width)).size;
    });
    expect(Math.min(...changed)).toBeLessThanOrEqual(1);
  }
});
