/** Rules of the normalization family. */
import type { Rules } from "../rule.js";

export const normalization: Rules = {};
