/** Operator cases: convolution. */
import type { OperatorCase } from "../helpers/operators.js";

export const convolution: readonly OperatorCase[] = [];
