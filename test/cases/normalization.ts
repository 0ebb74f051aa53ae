/** Operator cases: normalization. */
import type { OperatorCase } from "../helpers/operators.js";

export const normalization: readonly OperatorCase[] = [];
