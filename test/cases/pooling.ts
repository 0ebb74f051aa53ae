/** Operator cases: pooling. */
import type { OperatorCase } from "../helpers/operators.js";

export const pooling: readonly OperatorCase[] = [];
