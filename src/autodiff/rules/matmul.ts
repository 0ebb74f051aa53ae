/** Rules of the matmul family. */
import type { Rules } from "../rule.js";

export const matmul: Rules = {};
