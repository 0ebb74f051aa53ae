/** The gradient check tells wrong gradients from gradients that cannot be checked. */
import { describe, expect, it } from "vitest";
import { randomStream } from "../../src/base/index.js";
import { checkGradient, type Differentiable, describeCheck } from "../../src/oracle/index.js";

const size = 64;
const point = randomStream("point").uniform(size, 0.2, 0.8);
const check = (evaluate: Differentiable) => checkGradient(evaluate, point, randomStream("check"));
const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);

/** Σ x² in float32, its gradient multiplied by `factor`, plus a constant. */
const quadratic =
  (factor: number, offset = 0, scale = 1): Differentiable =>
  async (x) => ({
    objective: Math.fround(offset + scale * sum(x.map((value) => value * value))),
    gradient: x.map((value) => factor * scale * 2 * value),
  });

describe("a gradient", () => {
  it("that is right agrees", async () => {
    const found = await check(quadratic(1));
    expect(found.verdict).toBe("agrees");
    expect(found.directions).toBe(4);
    expect(found.error).toBeLessThan(0.01);
  });

  it.each([0.9, 1.1, -1])("that is %d times the right one differs", async (factor) => {
    const found = await check(quadratic(factor));
    expect(found.verdict).toBe("differs");
    expect(found.error).toBeGreaterThan(0.05);
  });

  it("with kinks within the first step agrees at a shorter one, and a wrong one still differs", async () => {
    const kinks = (factor: number) =>
      check(async (x) => ({
        objective: Math.fround(sum(x) + 20 * sum(x.map((value, i) => Math.max(value - point[i]! - 1e-4, 0)))),
        gradient: x.map(() => factor),
      }));
    expect(await kinks(1)).toMatchObject({ verdict: "agrees", directions: 4 });
    expect((await kinks(1.1)).verdict).toBe("differs");
  });

  it("whose loss changes by less than its rounding is flat, right or wrong", async () => {
    for (const factor of [1, 2]) {
      const found = await check(quadratic(factor, 5, 1e-7));
      expect(found.verdict).toBe("flat");
      expect(found.directions).toBe(0);
      expect(describeCheck(found)).toMatch(/not checked.*so flat/);
    }
  });

  it("of a loss that jumps at the point cannot be checked", async () => {
    const start = sum(point);
    const found = await check(async (x) => ({
      objective: Math.fround(sum(x) + (sum(x) > start ? 10 : 0)),
      gradient: x.map(() => 1),
    }));
    expect(found.verdict).toBe("jumps");
    expect(describeCheck(found)).toMatch(/jumps/);
  });

  it("that is zero or not finite says so", async () => {
    const zero = await check(async () => ({ objective: 1, gradient: new Float32Array(size) }));
    expect(zero).toEqual({ verdict: "zero", error: 0, directions: 0, norm: 0 });
    expect((await check(quadratic(Number.NaN))).verdict).toBe("not finite");
    expect((await check(quadratic(Number.POSITIVE_INFINITY))).verdict).toBe("not finite");
  });
});
