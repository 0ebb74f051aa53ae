/** One update: attack each batch, sum the gradients, step. From a state to the next. */
import { invariant, randomStream } from "../../base/index.js";
import type { TrainingState } from "../state/state.js";
import { type InnerAttack, innerAttack } from "./inner-attack.js";
import type { Batch, TrainingNetwork } from "./network.js";
import type { OptimizerSteps } from "./optimizer-steps.js";
import { ascend, perturbed } from "./replay.js";

/** Open sessions of a training: the network's passes and the optimizer's steps. Neither holds a state. */
export interface Learner {
  readonly network: TrainingNetwork;
  readonly optimizer: OptimizerSteps;
}

export interface UpdateSettings {
  readonly attack: InnerAttack;
  /** How many images of each batch, the first ones, stay clean. */
  readonly cleanImages: number;
  readonly seed: number;
}

/** What an update found on the way. */
export interface UpdateReport {
  /** Training loss of the images that were trained on; mean over the batches. */
  readonly loss: number;
  /** Loss of the same images before the attack, with the network in inference; null without an attack. */
  readonly cleanLoss: number | null;
  /** Euclidean length of the gradient before clipping. */
  readonly gradientNorm: number;
}

/**
 * Updates by the mean gradient of the training loss over `batches`. The network is in inference mode while it is
 * attacked and in training mode for its own gradient. Where the attack's passes return parameter gradients, these are
 * added, as the published code does without meaning to (it never clears the gradients of the attack's backward passes).
 * A state that carries a perturbation is a replay's: its images are perturbed by it, and one backward pass gives the
 * gradients that move parameters and perturbation.
 * @param state is spent by the update, which overwrites its arrays
 */
export async function updateState(
  { network, optimizer }: Learner,
  state: TrainingState,
  batches: readonly Batch[],
  learningRate: number,
  settings: UpdateSettings,
): Promise<{ readonly state: TrainingState; readonly report: UpdateReport }> {
  const passesPerBatch = 1 + (network.accumulating ? settings.attack.steps : 0);
  const sum = new GradientSum(optimizer, batches.length * passesPerBatch);
  let statistics = state.statistics;
  let [loss, cleanLoss] = [0, 0];
  for (const [i, batch] of batches.entries()) {
    const pass = state.step * batches.length + i;
    const current = { ...state, statistics };
    const carried = carriedBy(state, i, batch);
    const attacked = carried
      ? { images: perturbed(batch.images, carried), firstLoss: Number.NaN }
      : await attackBatch(network, current, batch, pass, settings, (gradient) => sum.add(gradient));
    const result = await network.gradient(current, { images: attacked.images, labels: batch.labels }, pass);
    if (carried) ascend(carried, result.imageGradient!, settings.attack);
    await sum.add(result.gradient);
    statistics = result.statistics;
    loss += result.loss / batches.length;
    cleanLoss += attacked.firstLoss / batches.length;
  }
  const { gradientNorm, ...vectors } = await optimizer.step(state, sum.value(), learningRate, batches.length);
  return {
    state: { step: state.step + 1, statistics, perturbation: state.perturbation, ...vectors },
    report: { loss, cleanLoss: Number.isNaN(cleanLoss) ? null : cleanLoss, gradientNorm },
  };
}

/** The part of the carried perturbation that is of batch `i` of an update; undefined without replays. */
function carriedBy({ perturbation }: TrainingState, i: number, { images }: Batch): Float32Array | undefined {
  return perturbation?.subarray(i * images.length, (i + 1) * images.length);
}

/** The images of the batch, all but the first `cleanImages` of them attacked. */
async function attackBatch(
  network: TrainingNetwork,
  state: TrainingState,
  batch: Batch,
  pass: number,
  { attack, cleanImages, seed }: UpdateSettings,
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

class GradientSum {
  readonly #optimizer: OptimizerSteps;
  readonly #terms: number;
  #sum: Float32Array | undefined;

  /** @param terms number of gradients that will be added; a single one is not copied */
  constructor(optimizer: OptimizerSteps, terms: number) {
    this.#optimizer = optimizer;
    this.#terms = terms;
  }

  /** @param gradient an array that the network's next pass overwrites */
  async add(gradient: Float32Array): Promise<void> {
    if (this.#sum) await this.#optimizer.combine(1, this.#sum, 1, gradient);
    else this.#sum = this.#terms === 1 ? gradient : gradient.slice();
  }

  value(): Float32Array {
    invariant(this.#sum, "no gradient was added");
    return this.#sum;
  }
}
