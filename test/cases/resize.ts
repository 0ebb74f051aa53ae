/** Operator cases: resize. */
import type { OperatorCase } from "../helpers/operators.js";

export const resize: readonly OperatorCase[] = [];
