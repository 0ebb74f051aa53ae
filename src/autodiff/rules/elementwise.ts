/** Arithmetic, element by element, with broadcasting. */
import type { Rules } from "../rule.js";
import { unary } from "../rule.js";

export const elementwise: Rules = {
  Add: { broadcasts: true, gradient: (_, [g]) => [g, g] },
  Sub: { broadcasts: true, gradient: (_, [g], b) => [g, b.neg(g!)] },
  Mul: {
    broadcasts: true,
    gradient: ({ inputs: [x, y], needs }, [g], b) => [
      needs(0) ? b.mul(g!, y!) : undefined,
      needs(1) ? b.mul(g!, x!) : undefined,
    ],
  },
  Neg: unary(({ g }, b) => b.neg(g)),
  Exp: unary(({ g, y }, b) => b.mul(g, y)),
};
