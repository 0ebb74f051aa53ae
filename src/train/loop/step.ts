/** One update of the weights: attack the batch, add up gradients, step. */
import { invariant, randomStream } from "../../base/index.js";
import type { TrainingState } from "../state/parameters.js";
import { type InnerAttack, innerAttack } from "./attack.js";
import type { Batch, TrainingNetwork } from "./network.js";
import type { Updater } from "./optimize.js";

/** What takes a step. */
export interface Learner {
  readonly network: TrainingNetwork;
  readonly updater: Updater;
  readonly state: TrainingState;
}

export interface StepSettings {
  readonly attack: InnerAttack;
  /** Of the first images of each batch, which stay as they are. */
  readonly cleanImages: number;
  readonly seed: number;
}

export interface StepReport {
  /** Of the images that were trained on, as the network in training sees them; mean over the passes. */
  readonly loss: number;
  /** Of the same images before the attack, as the network in inference sees them; null without an attack. */
  readonly cleanLoss: number | null;
  /** Length of the gradient before clipping. */
  readonly gradientNorm: number;
}

/**
 * Updates the state by the mean gradient of the training loss over `batches`. The network is in inference while it is
 * attacked, in training for its own gradient. Where its attack returns parameter gradients, they are added, which is
 * what the published code does unintendedly (its attack's backward passes are never cleared).
 */
export async function trainingStep(
  { network, updater, state }: Learner,
  batches: readonly Batch[],
  learningRate: number,
  settings: StepSettings,
): Promise<StepReport> {
  const { attack } = settings;
  const sum = new GradientSum(updater, batches.length * (1 + (network.accumulating ? attack.steps : 0)));
  let [loss, cleanLoss] = [0, 0];
  for (const [i, batch] of batches.entries()) {
    const pass = state.step * batches.length + i;
    const attacked = await attackBatch(network, state, batch, pass, settings, (gradient) =>
      sum.add(gradient),
    );
    const trained = { images: attacked.images, labels: batch.labels };
    const result = await network.gradient(state, trained, pass);
    await sum.add(result.gradient);
    loss += result.loss / batches.length;
    cleanLoss += attacked.firstLoss / batches.length;
  }
  const gradientNorm = await updater.step(state, sum.value(), learningRate, batches.length);
  return { loss, cleanLoss: Number.isNaN(cleanLoss) ? null : cleanLoss, gradientNorm };
}

/** The batch with all but its first images attacked. */
async function attackBatch(
  network: TrainingNetwork,
  state: TrainingState,
  batch: Batch,
  pass: number,
  { attack, cleanImages, seed }: StepSettings,
  onGradient: (gradient: Float32Array) => Promise<void>,
) {
  const random = randomStream("attack", seed, pass);
  if (cleanImages === 0) return innerAttack(network, state, batch, attack, random, onGradient);
  const total = batch.labels.length / network.labels;
  const from = (data: { readonly length: number }) => (data.length / total) * cleanImages;
  const part = {
    images: batch.images.subarray(from(batch.images)),
    labels: batch.labels.subarray(from(batch.labels)),
  };
  const { images, firstLoss } = await innerAttack(network, state, part, attack, random, onGradient);
  const mixed = batch.images.slice();
  mixed.set(images, from(batch.images));
  return { images: mixed, firstLoss };
}

/** A sum of gradients. */
class GradientSum {
  readonly #updater: Updater;
  readonly #terms: number;
  #sum: Float32Array | undefined;

  /** @param terms how many there will be; a single one need not be copied */
  constructor(updater: Updater, terms: number) {
    this.#updater = updater;
    this.#terms = terms;
  }

  /** `gradient` is a buffer that the network's next pass overwrites. */
  async add(gradient: Float32Array): Promise<void> {
    if (this.#sum) this.#sum = await this.#updater.combine(1, this.#sum, 1, gradient);
    else this.#sum = this.#terms === 1 ? gradient : gradient.slice();
  }

  value(): Float32Array {
    invariant(this.#sum, "no gradient was added");
    return this.#sum;
  }
}
