/** Operator cases: movement. */
import type { OperatorCase } from "../helpers/operators.js";

export const movement: readonly OperatorCase[] = [];
