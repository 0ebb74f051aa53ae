/** Channels that an attack may change, where it may not change all. */
import { invariant } from "../../base/index.js";
import type { ImageOracle } from "../../oracle/index.js";
import { oracleAround } from "./around.js";

/** Says of every value of an image, C·H·W, whether an attack may change it. */
export interface Perturbed {
  /** Number of values that may not be changed. */
  readonly still: number;
  mayChange(i: number): boolean;
}

/** @param channels those that may be changed, counted from 1; undefined: all */
export function perturbedValues(
  { image, height, width }: Pick<ImageOracle, "image" | "height" | "width">,
  channels: readonly number[] | undefined,
): Perturbed {
  if (channels === undefined) return { still: 0, mayChange: () => true };
  const area = height * width;
  const chosen = new Set(channels);
  return {
    still: image.length - chosen.size * area,
    mayChange: (i) => chosen.has(1 + Math.floor(i / area)),
  };
}

/**
 * An oracle whose steps leave the other values as they are in the image, and whose gradient is 0 there. The ball of an
 * attack on it is that of the perturbed channels: in ℓ∞ and ℓ2, the projection onto it is that of all values, with the
 * others put back.
 */
export function perturbingOnly(oracle: ImageOracle, { still, mayChange }: Perturbed): ImageOracle {
  if (still === 0) return oracle;
  return oracleAround(oracle, {
    async evaluate(point, query) {
      const answer = await oracle.evaluate(point, query);
      return { ...answer, gradient: answer.gradient.map((value, i) => (mayChange(i) ? value : 0)) };
    },
    async step(step, tensors, scalars) {
      const next = await oracle.step(step, tensors, scalars);
      return next.map((value, i) => (mayChange(i) ? value : oracle.image[i]!));
    },
  });
}

/** Refuses a point that differs from the image where it may not. */
export function checkUntouched(image: Float32Array, point: Float32Array, { mayChange }: Perturbed): void {
  const at = point.findIndex((value, i) => value !== image[i] && !mayChange(i));
  invariant(at < 0, `an attack changed value ${at}, of a channel that --perturb-channels leaves out`);
}
