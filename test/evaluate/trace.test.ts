/** A traced attack: the same attack, and what it asked. */
import { expect, it } from "vitest";
import { type AttackSettings, apgd, noise } from "../../src/attack/index.js";
import { randomStream } from "../../src/base/index.js";
import { tracedOracle } from "../../src/evaluate/workers/trace.js";
import { losses } from "../../src/loss/index.js";
import { ClosedForm, quadratic } from "../attack/closed-form.js";

const image = Float32Array.from({ length: 12 }, (_, i) => 0.3 + 0.03 * i);
const settings: AttackSettings = { radius: 0.05, steps: 20, norm: "linf", accounting: "strict" };
const oracleOf = () => new ClosedForm(image, quadratic(Float32Array.from(image, (value) => value + 0.04)));
const random = () => randomStream("trace");

async function traced(attack: ReturnType<typeof apgd>) {
  const inner = oracleOf();
  const looked: Float32Array[] = [];
  const { oracle, trace } = tracedOracle(inner, {
    passes: attack.passes(settings.steps),
    radius: settings.radius,
    async classesAt(point) {
      looked.push(point);
      return [looked.length];
    },
  });
  return { kept: await attack.run(oracle, settings, random()), trace, inner, looked };
}

it("changes nothing that the attack does or costs", async () => {
  const plain = oracleOf();
  const kept = await apgd(losses.ce, "reduce").run(plain, settings, random());
  const watched = await traced(apgd(losses.ce, "reduce"));
  expect(watched.kept).toEqual(kept);
  expect(watched.inner.points).toEqual(plain.points);
  expect(watched.inner.cost).toEqual(plain.cost);
});

it("has an entry for each pass, with the radii and step sizes of the attack", async () => {
  const { trace, inner } = await traced(apgd(losses.ce, "reduce"));
  const { passes } = trace;
  expect(passes).toHaveLength(inner.cost.forward);
  expect([...new Set(passes.map(({ radius }) => radius))]).toEqual([0.1, 1.5 * 0.05, 0.05]);
  expect(passes[0]).toMatchObject({ step: 0, radius: 0.1, stepSize: null });
  expect(passes[1]).toMatchObject({ step: 1, radius: 0.1, stepSize: 0.2 });
  expect(passes.at(-1)!.step).toBe(settings.steps);
  // The start of each radius is no gradient step.
  expect(passes.filter(({ stepSize }) => stepSize === null)).toHaveLength(3);
  passes.forEach(({ objective, correct }, i) => {
    expect(correct).toBe(inner.score(inner.points[i]!));
    if (objective !== null) expect(objective).toBeCloseTo(1e3 - correct, 9);
  });
});

it("keeps a dozen predictions at most, from the first pass on, evenly spread", async () => {
  const { trace } = await traced(apgd(losses.ce, "reduce"));
  const at = trace.maps.map(({ pass }) => pass);
  expect(at.length).toBeLessThanOrEqual(12);
  expect(at.length).toBeGreaterThan(8);
  expect(at.every((pass, i) => pass === i * at[1]!)).toBe(true);
});

it("looks at nothing beside an attack that asks for classes itself", async () => {
  const { trace, looked } = await traced(noise);
  expect(trace.passes).toHaveLength(10);
  expect(trace.passes.every(({ objective, stepSize }) => objective === null && stepSize === null)).toBe(true);
  expect(looked).toEqual([]);
});
