/** Where kept points wait in memory, or nowhere. */
import type { KeptPoints } from "./chain.js";
import type { AttackAtRadius } from "./workers/image-worker.js";

/** For a run whose points are made again. */
export const noPoints: KeptPoints = { keep() {}, find: () => undefined, forget() {} };

/** For runs without a folder. */
export function pointsInMemory(): KeptPoints {
  const points = new Map<string, Float32Array>();
  const keyOf = ({ attack, eps }: AttackAtRadius, index: number) => JSON.stringify([attack, eps, index]);
  return {
    keep: (slot, index, point) => void points.set(keyOf(slot, index), point),
    find: (slot, index) => points.get(keyOf(slot, index)),
    forget(eps) {
      for (const key of points.keys()) if (JSON.parse(key)[1] === eps) points.delete(key);
    },
  };
}
