/** Rules of the pooling family. */
import type { Rules } from "../rule.js";

export const pooling: Rules = {};
