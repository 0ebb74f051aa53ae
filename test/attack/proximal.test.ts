/** The proximal operator of ℓ∞ against a search over what it chooses from, and Adam's moments on gradients with known ones. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { Adam } from "../../src/attack/optimizer/adam.js";
import { boundsOf, shrinkLargest } from "../../src/attack/optimizer/proximal.js";
import { randomStream } from "../../src/base/index.js";

const size = 9;

it("finds the least of λ·max|p| + ½·Σ h·(p − δ)² between the bounds", () => {
  const chosen = fc.record({
    key: fc.nat(1000),
    lambda: fc.double({ min: 1e-3, max: 2, noNaN: true }),
    radius: fc.double({ min: 0.05, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(chosen, ({ key, lambda, radius }) => {
      const stream = randomStream("prox", key);
      const delta = stream.uniform(size, -0.5, 0.5);
      const metric = stream.uniform(size, 0.1, 2);
      const bounds = boundsOf(stream.uniform(size, 0, 1), radius);
      const cost = (p: ArrayLike<number>) =>
        lambda * Math.max(...Array.from(p, Math.abs)) +
        delta.reduce((sum, value, i) => sum + 0.5 * metric[i]! * (p[i]! - value) ** 2, 0);
      const found = delta.slice();
      shrinkLargest(found, lambda, metric, bounds);
      for (const [i, value] of found.entries()) {
        expect(value).toBeGreaterThanOrEqual(bounds.lower[i]!);
        expect(value).toBeLessThanOrEqual(bounds.upper[i]!);
      }
      const cut = (t: number) =>
        delta.map((value, i) =>
          Math.min(Math.max(value, bounds.lower[i]!, -t), Math.min(bounds.upper[i]!, t)),
        );
      const others = Array.from({ length: 501 }, (_, k) => cost(cut(k / 1000)));
      expect(cost(found)).toBeLessThanOrEqual(Math.min(...others) + 1e-6);
    }),
  );
});

it("Adam's scale is the size of a constant gradient, whatever the step, and its mean the gradient", () => {
  const adam = new Adam(2);
  for (let i = 0; i < 5; i++) {
    adam.observe(Float32Array.of(3, -0.25));
    expect(Array.from(adam.mean)).toEqual([expect.closeTo(3, 5), expect.closeTo(-0.25, 5)]);
    expect(Array.from(adam.scale)).toEqual([expect.closeTo(3, 4), expect.closeTo(0.25, 5)]);
  }
});

it("with AMSGrad the second moment never falls", () => {
  const [plain, kept] = [new Adam(1), new Adam(1, { amsgrad: true })];
  for (const adam of [plain, kept]) {
    adam.observe(Float32Array.of(1));
    for (let i = 0; i < 9; i++) adam.observe(Float32Array.of(0));
  }
  // The squares are 1, 0, 0, …; their mean is 0.001 after the first step, and 0.001·0.999⁹ after ten.
  expect(kept.scale[0]).toBeCloseTo(Math.sqrt(0.001 / (1 - 0.999 ** 10)), 5);
  expect(plain.scale[0]).toBeCloseTo(Math.sqrt((0.001 * 0.999 ** 9) / (1 - 0.999 ** 10)), 5);
});
