/** Operator cases: matmul. */
import type { OperatorCase } from "../helpers/operators.js";

export const matmul: readonly OperatorCase[] = [];
