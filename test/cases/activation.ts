/** Operator cases: activation. */
import type { OperatorCase } from "../helpers/operators.js";

export const activation: readonly OperatorCase[] = [];
