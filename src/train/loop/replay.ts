/** Free adversarial training (Shafahi et al., NeurIPS 2019): the perturbation that replays of batches carry on. */
import type { AttackStep } from "./network.js";

/** x + δ, cut to [0, 1]; in a new array. */
export function perturbed(images: Float32Array, perturbation: Float32Array): Float32Array {
  return images.map((value, i) => Math.min(1, Math.max(0, value + perturbation[i]!)));
}

/** Overwrites δ by its next value, δ + α·sign ∇x L, cut to the ball. */
export function ascend(
  perturbation: Float32Array,
  gradient: Float32Array,
  { radius, stepSize }: AttackStep,
): void {
  for (const [i, value] of perturbation.entries()) {
    const moved = value + stepSize * Math.sign(gradient[i]!);
    perturbation[i] = Math.min(radius, Math.max(-radius, moved));
  }
}
