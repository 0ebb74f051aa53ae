/** Where kept points wait on disk. */
import { type RunDescription, slotOf } from "../journal/index.js";
import { readPoint, removePoints, writePoint } from "../journal/index.node.js";
import type { KeptPoints } from "./chain.js";

/** In the run folder, so that a resumed run need not make them again. */
export function pointsOnDisk(dir: string, run: RunDescription): KeptPoints {
  return {
    keep: (slot, index, point) => writePoint(dir, { index, slot: slotOf(run, slot)! }, point),
    find: (slot, index) => readPoint(dir, { index, slot: slotOf(run, slot)! }),
    forget: (eps) => removePoints(dir, run, eps),
  };
}
