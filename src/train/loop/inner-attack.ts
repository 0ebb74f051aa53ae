/** The inner attack of adversarial training: PGD whose last iterate counts. */
import { lastIterate, randomPoint } from "../../attack/index.js";
import type { RandomStream } from "../../base/index.js";
import type { TrainingState } from "../state/state.js";
import type { AttackStep, Batch, TrainingNetwork } from "./network.js";

export interface InnerAttack extends AttackStep {
  /** Steps of PGD; 0 leaves the images unchanged. */
  readonly steps: number;
  /** Begin at a random point of the ball instead of at the image. */
  readonly randomStart: boolean;
}

export interface AttackedImages {
  readonly images: Float32Array;
  /** Training loss at the first iterate: that of the clean images, unless the start is random. NaN without steps. */
  readonly firstLoss: number;
}

/**
 * Perturbs a batch: `steps` times x ← P(x + α·sign ∇x L), L the loss that the network's attack climbs, P the projection
 * onto the ball and onto [0, 1]. SegPGD's balance λ is (t − 1)/(2T) at step t of T.
 * @param onGradient gets the parameters' gradient of each pass, if the network returns it, in an array that the next
 *   pass overwrites
 */
export async function innerAttack(
  network: TrainingNetwork,
  state: TrainingState,
  { images: clean, labels }: Batch,
  attack: InnerAttack,
  random: RandomStream,
  onGradient?: (gradient: Float32Array) => Promise<void>,
): Promise<AttackedImages> {
  if (attack.steps === 0) return { images: clean, firstLoss: Number.NaN };
  const pass = await network.beginAttack(state);
  const start = attack.randomStart ? startInBall(clean, attack.radius, random) : clean;
  let firstLoss: number | undefined;
  let done = 0;
  const images = await lastIterate(start, attack.steps, async (point) => {
    const step = { ...attack, balance: done++ / (2 * attack.steps) };
    const { next, loss, gradient } = await pass({ images: point, labels }, clean, step);
    if (gradient) await onGradient?.(gradient);
    firstLoss ??= loss;
    return next;
  });
  return { images, firstLoss: firstLoss ?? Number.NaN };
}

/** A uniformly drawn point of the ℓ∞ ball, cut to [0, 1]. */
function startInBall(clean: Float32Array, radius: number, random: RandomStream): Float32Array {
  const point = randomPoint(clean, { norm: "linf", radius }, random);
  for (let i = 0; i < point.length; i++) point[i] = Math.min(1, Math.max(0, point[i]!));
  return point;
}
