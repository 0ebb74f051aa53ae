/** Operator cases: reduction. */
import type { OperatorCase } from "../helpers/operators.js";

export const reduction: readonly OperatorCase[] = [];
