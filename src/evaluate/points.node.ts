/** Where kept points wait, at one radius, for the attacks that go on from them. */
import { cleanAttack, type RunDescription, slotOf } from "../journal/index.js";
import { readPoint, removePoints, writePoint } from "../journal/index.node.js";
import type { KeptPoints } from "./chain.js";
import type { AttackAtRadius } from "./workers/image-worker.js";

/** Points that are forgotten once all attacks at their radius are done. */
export interface PassingPoints extends KeptPoints {
  forget(eps: string): void;
}

/** For runs whose attacks all start by themselves. */
export const noPoints: PassingPoints = { keep() {}, find: () => undefined, forget() {} };

/** For runs without a folder. */
export function pointsInMemory(): PassingPoints {
  const points = new Map<string, Float32Array>();
  const keyOf = ({ attack, eps }: AttackAtRadius, index: number) => JSON.stringify([attack, eps, index]);
  return {
    keep: (slot, index, point) => void points.set(keyOf(slot, index), point),
    find: (slot, index) => points.get(keyOf(slot, index)),
    forget: () => points.clear(),
  };
}

/** In the run folder, so that a resumed run need not make them again. */
export function pointsOnDisk(dir: string, run: RunDescription): PassingPoints {
  return {
    keep(slot, index, point) {
      if (slot.attack !== cleanAttack) writePoint(dir, { index, slot: slotOf(run, slot)! }, point);
    },
    find: (slot, index) => readPoint(dir, { index, slot: slotOf(run, slot)! }),
    forget: () => removePoints(dir),
  };
}
