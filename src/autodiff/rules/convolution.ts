/** Rules of the convolution family. */
import type { Rules } from "../rule.js";

export const convolution: Rules = {};
