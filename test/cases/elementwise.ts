/** Operator cases: arithmetic. */
import type { OperatorCase } from "../helpers/operators.js";

export const elementwise: readonly OperatorCase[] = [
  {
    op: "Add",
    inputs: [
      [2, 3],
      [2, 3],
    ],
  },
  {
    op: "Add",
    inputs: [
      [2, 3, 1],
      [1, 3, 4],
    ],
  },
  { op: "Sub", inputs: [[3], [2, 1, 3]] },
  {
    op: "Mul",
    inputs: [
      [2, 1, 4],
      [3, 1],
    ],
  },
  { op: "Neg", inputs: [[5]] },
  { op: "Exp", inputs: [[2, 5]] },
];
