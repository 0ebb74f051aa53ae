/** Rules of the movement family. */
import type { Rules } from "../rule.js";

export const movement: Rules = {};
