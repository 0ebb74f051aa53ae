/** Rules of the resize family. */
import type { Rules } from "../rule.js";

export const resize: Rules = {};
