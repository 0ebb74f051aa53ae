/** Reductions over random shapes and axes, against differences. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { families } from "../../src/autodiff/rules/index.js";
import { checkRule, ints, type OperatorCase } from "../helpers/operators.js";

const domains: Record<string, Partial<OperatorCase>> = {
  ReduceMax: { distinct: true },
  ReduceMin: { distinct: true },
  ReduceProd: { domain: [0.5, 1.5] },
  ReduceLogSum: { domain: [0.5, 2] },
  ReduceL1: { kinks: [0] },
  ReduceL2: { domain: [0.3, 1] },
};

const reductions = Object.keys(families.reduction).filter((op) => op.startsWith("Reduce"));

const cases = fc.record({
  shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
  bits: fc.nat(15),
  negative: fc.boolean(),
  reversed: fc.boolean(),
  keepdims: fc.nat(1),
  noop_with_empty_axes: fc.nat(1),
});

describe("random axes", () => {
  it.each(reductions)("%s", async (op) => {
    await fc.assert(
      fc.asyncProperty(cases, fc.nat(), ({ shape, bits, negative, reversed, ...attributes }, seed) => {
        const chosen = shape.flatMap((_, axis) => ((bits >> axis) & 1 ? [axis] : []));
        const axes = chosen.map((axis) => (negative ? axis - shape.length : axis));
        const inputs = [shape, ints(reversed ? axes.reverse() : axes)];
        return checkRule({ op, inputs, attributes, ...domains[op] }, seed);
      }),
      { numRuns: 15, seed: 21 },
    );
  });
});
