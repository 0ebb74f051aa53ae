/** Rules of the reduction family. */
import type { Rules } from "../rule.js";

export const reduction: Rules = {};
