/** The inner attack of adversarial training: PGD on cross-entropy, the last iterate counts. */
import type { RandomStream } from "../../base/index.js";
import type { TrainingState } from "../state/parameters.js";
import type { AttackStep, Batch, TrainingNetwork } from "./network.js";

export interface InnerAttack extends AttackStep {
  /** k; 0 leaves the images as they are. */
  readonly steps: number;
  /** Begin at a random point of the ball instead of at the image. */
  readonly randomStart: boolean;
}

export interface Attacked {
  readonly images: Float32Array;
  /** The loss at the first iterate: that of the clean images, unless the start is random. */
  readonly firstLoss: number;
}

/**
 * Perturbs a batch: `steps` times x ← P(x + α·sign ∇x CE), P the projection onto the ball and onto [0, 1].
 * @param onGradient is given the parameters' gradient of each pass, if the network returns it
 */
export async function innerAttack(
  network: TrainingNetwork,
  state: TrainingState,
  { images: clean, labels }: Batch,
  attack: InnerAttack,
  random: RandomStream,
  onGradient?: (gradient: Float32Array) => Promise<void>,
): Promise<Attacked> {
  if (attack.steps === 0) return { images: clean, firstLoss: Number.NaN };
  const step = await network.beginAttack(state);
  let images = attack.randomStart ? randomPoint(clean, attack.radius, random) : clean;
  let firstLoss: number | undefined;
  for (let t = 0; t < attack.steps; t++) {
    const { point, loss, gradient } = await step({ images, labels }, clean, attack);
    if (gradient) await onGradient?.(gradient);
    firstLoss ??= loss;
    images = point;
  }
  return { images, firstLoss: firstLoss ?? Number.NaN };
}

/** Uniform in the ball, cut to [0, 1]. */
function randomPoint(clean: Float32Array, radius: number, random: RandomStream): Float32Array {
  const point = random.uniform(clean.length, -radius, radius);
  // A loop: `map` takes as long again as drawing the numbers.
  for (let i = 0; i < point.length; i++) point[i] = Math.min(1, Math.max(0, clean[i]! + point[i]!));
  return point;
}
