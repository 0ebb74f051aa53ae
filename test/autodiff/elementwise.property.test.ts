/** Arithmetic on random shapes that broadcast, against differences. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { checkRule, type OperatorCase } from "../helpers/operators.js";

/** Shapes that broadcast together: axes of a common one cut off in front or shrunk to 1. */
const broadcastShapes = (count: number) =>
  fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }).chain((common) =>
    fc.array(
      fc
        .record({ drop: fc.nat(common.length), ones: fc.nat(15) })
        .map(({ drop, ones }) => common.map((length, axis) => ((ones >> axis) & 1 ? 1 : length)).slice(drop)),
      { minLength: count, maxLength: count },
    ),
  );

const operators: Record<string, Partial<OperatorCase>> = {
  Add: {},
  Sub: {},
  Mul: {},
  Div: { domain: [0.5, 2] },
  Pow: { domain: [0.5, 2] },
  Sum: {},
  Mean: {},
};

describe("random broadcasts", () => {
  it.each(Object.entries(operators))("%s", async (op, rest) => {
    const several = op === "Sum" || op === "Mean" ? 3 : 2;
    await fc.assert(
      fc.asyncProperty(broadcastShapes(several), fc.nat(), (inputs, seed) =>
        checkRule({ op, inputs, ...rest }, seed),
      ),
      { numRuns: 15, seed: 11 },
    );
  });

  it.each(["Max", "Min"])("%s", async (op) => {
    await fc.assert(
      fc.asyncProperty(broadcastShapes(2), fc.nat(), ([a, b], seed) =>
        checkRule({ op, inputs: [a!, b!], ...apart(op) }, seed),
      ),
      { numRuns: 15, seed: 12 },
    );
  });
});

/** Ranges that do not overlap, so that no step makes the inputs change places. */
function apart(op: string): Partial<OperatorCase> {
  return op === "Max"
    ? {
        domains: [
          [-1, 0],
          [0.2, 1],
        ],
      }
    : {
        domains: [
          [0.2, 1],
          [-1, 0],
        ],
      };
}
