/** Attacks where the answer is known. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Attack,
  type AttackSettings,
  apgd,
  noise,
  parseAttacks,
  pgd,
  pgdStepSize,
  square,
  squareSide,
} from "../../src/attack/index.js";
import { randomStream } from "../../src/base/index.js";
import { losses } from "../../src/loss/index.js";
import { ClosedForm, linear, quadratic } from "./closed-form.js";

const features = 48;
const settings: AttackSettings = { radius: 8 / 255, steps: 40, norm: "linf", accounting: "strict" };
const numbers = (key: string, low: number, high: number) => randomStream(key).uniform(features, low, high);

/** What the attack gained, as a share of what the best point of ball and range would have. */
async function shareOfBest(
  attack: Attack,
  oracle: ClosedForm,
  best: Float32Array,
  chosen = settings,
): Promise<number> {
  const { point } = await attack.run(oracle, chosen, randomStream("attack"));
  const gain = (x: Float32Array) => oracle.score(oracle.image) - oracle.score(x);
  return gain(point) / gain(best);
}

const clip = (value: number) => Math.min(1, Math.max(0, value));

describe("on a linear objective", () => {
  const weights = numbers("weights", -1, 1);
  const image = numbers("image", 0, 1);
  const best = image.map((x, i) => clip(x + settings.radius * Math.sign(weights[i]!)));

  it.each([apgd(losses.ce), apgd(losses.ce, "reduce"), pgd(losses.ce)])(
    "$name finds the best corner of the cube",
    async (attack) => {
      expect(await shareOfBest(attack, new ClosedForm(image, linear(weights)), best)).toBeCloseTo(1, 3);
    },
  );

  it("noise falls well short of it", async () => {
    expect(await shareOfBest(noise, new ClosedForm(image, linear(weights)), best)).toBeLessThan(0.6);
  });

  it("square comes near it without a gradient", async () => {
    const chosen = { ...settings, steps: 1000 };
    const oracle = new ClosedForm(image, linear(weights));
    expect(await shareOfBest(square, oracle, best, chosen)).toBeGreaterThan(0.95);
    expect(oracle.cost.backward).toBe(0);
  });

  it("ℓ2 APGD finds the direction of the weights", async () => {
    const inside = numbers("inside", 0.4, 0.6);
    const length = Math.sqrt(weights.reduce((sum, w) => sum + w * w, 0));
    const chosen: AttackSettings = { ...settings, norm: "l2", radius: 0.3 };
    const nearest = inside.map((x, i) => x + (0.3 * weights[i]!) / length);
    expect(
      await shareOfBest(apgd(losses.ce), new ClosedForm(inside, linear(weights)), nearest, chosen),
    ).toBeCloseTo(1, 2);
  });
});

it("reaches the interior maximum of a quadratic, where a fixed step overshoots", async () => {
  const image = numbers("image", 0.3, 0.7);
  const centre = image.map((x, i) => x + (i % 2 ? 1 : -1) * 0.011);
  const oracle = () => new ClosedForm(image, quadratic(centre));
  expect(await shareOfBest(apgd(losses.ce), oracle(), centre)).toBeGreaterThan(0.99);
});

describe("points", () => {
  it("stay in the ball of the slot and in [0, 1], and the returned one in that of ε", async () => {
    const arbitrary = fc.record({
      radius: fc.double({ min: 1e-3, max: 0.4, noNaN: true }),
      steps: fc.integer({ min: 1, max: 12 }),
      norm: fc.constantFrom("linf" as const, "l2" as const),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(arbitrary, async ({ radius, steps, norm, seed }) => {
        const image = randomStream(seed, "image").uniform(features, 0, 1);
        const oracle = new ClosedForm(image, linear(randomStream(seed, "w").normal(features)));
        const chosen: AttackSettings = { radius, steps, norm, accounting: "strict" };
        const { point } = await apgd(losses.ce, "reduce").run(oracle, chosen, randomStream(seed));
        const { point: squared } = await square.run(oracle, chosen, randomStream(seed));
        const distance = (x: Float32Array) => {
          const delta = x.map((value, i) => value - image[i]!);
          return norm === "linf" ? Math.max(...delta.map(Math.abs)) : Math.hypot(...delta);
        };
        expect(distance(point)).toBeLessThanOrEqual(radius + 1e-6);
        expect(distance(squared)).toBeLessThanOrEqual(radius + 1e-6);
        for (const visited of [point, ...oracle.points]) {
          expect(distance(visited)).toBeLessThanOrEqual(2 * radius + 1e-6);
          expect(visited.every((value) => value >= 0 && value <= 1)).toBe(true);
        }
      }),
      { numRuns: 25 },
    );
  });

  it("depend on the stream alone", async () => {
    const run = async (seed: number) => {
      const image = numbers("image", 0.3, 0.7);
      // A maximum inside the ball: at a corner all streams would meet.
      const oracle = new ClosedForm(image, quadratic(image.map((x) => x + 0.01)));
      return (await apgd(losses.ce, "reduce").run(oracle, settings, randomStream(seed))).point;
    };
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });
});

describe("passes", () => {
  const passes = async (attack: Attack, steps: number, offset?: number) => {
    const oracle = new ClosedForm(numbers("image", 0, 1), linear(numbers("weights", -1, 1)), offset);
    await attack.run(oracle, { ...settings, steps }, randomStream(0));
    return oracle.cost;
  };

  it("of APGD are n + 1 forward and n backward, three slots n + 3 and n", async () => {
    expect(await passes(apgd(losses.ce), 30)).toMatchObject({ forward: 31, backward: 30 });
    expect(await passes(apgd(losses.ce, "reduce"), 30)).toMatchObject({ forward: 33, backward: 30 });
  });

  it("end when no pixel is right any more", async () => {
    expect(await passes(apgd(losses.ce), 30, -1e3)).toMatchObject({ forward: 1, backward: 1 });
    expect(await passes(pgd(losses.ce), 30, -1e3)).toMatchObject({ forward: 1, backward: 1 });
  });
});

it("a square covers 80 % at first, a 512th of that at the end, never less than a pixel nor more than fits", () => {
  expect([0, 1000].map((i) => squareSide(i, 1000, 150, 150))).toEqual([134, 6]);
  expect([1, 1000].map((i) => squareSide(i, 1000, 4, 90))).toEqual([4, 1]);
});

describe("what the last fifth of the steps was worth", () => {
  /** Right pixels fall by one with every evaluation, to the given end. */
  const falling = (attack: Attack, steps: number, end: number) => {
    let right = 100;
    const oracle = new ClosedForm(numbers("image", 0, 1), linear(numbers("weights", -1, 1)));
    const next = () => Math.max(end, right--);
    const first = oracle.evaluate.bind(oracle);
    oracle.evaluate = async (point, query) => ({ ...(await first(point, query)), ...both(next()) });
    oracle.predict = async () => ({ classes: [0], ...both(next()) });
    return attack.run(oracle, { ...settings, steps }, randomStream(0));
  };
  const both = (value: number) => ({ correct: value, undecided: 0, score: value });

  it.each([apgd(losses.ce), apgd(losses.ce, "reduce"), square])(
    "$name says how far it still fell",
    async (attack) => {
      expect((await falling(attack, 20, 1)).late).toBe(4);
      expect((await falling(attack, 2, 1)).late).toBe(1);
      expect((await falling(attack, 20, 95)).late).toBe(0);
    },
  );

  it("is nothing where nothing is left", async () => {
    const nothing = new ClosedForm(numbers("image", 0, 1), linear(numbers("weights", -1, 1)), -1e3);
    for (const attack of [apgd(losses.ce, "reduce"), pgd(losses.ce), square]) {
      expect((await attack.run(nothing, settings, randomStream(0))).late).toBe(0);
    }
  });
});

it("PGD's step size is the published one, linear in between", () => {
  expect(pgdStepSize(4 / 255)).toBeCloseTo(3e-3, 12);
  expect(pgdStepSize(6 / 255)).toBeCloseTo(4e-3, 12);
  expect(pgdStepSize(0.125 / 255)).toBeCloseTo(4e-4, 12);
  expect(pgdStepSize(24 / 255)).toBeCloseTo(12e-3, 12);
});

describe("names", () => {
  it("strongest has every member of the published ensembles, each once, and one without gradients", () => {
    const names = (list: string) => parseAttacks(list).map(({ name }) => name);
    const strongest = names("strongest");
    expect(strongest).toHaveLength(new Set(strongest).size);
    expect(new Set(strongest)).toEqual(new Set([...names("sea-2023,sea-2024"), "square"]));
  });

  it("that stand alone take no loss, and families need one", () => {
    for (const name of ["square:ce", "noise:ce", "apgd", "pgd", "apgd:spherical", "pgd:ce:ce", "toString"]) {
      expect(() => parseAttacks(name)).toThrow(/unknown attack/);
    }
  });
});
