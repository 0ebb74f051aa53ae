/** Rules of the activation family. */
import type { Rules } from "../rule.js";

export const activation: Rules = {};
