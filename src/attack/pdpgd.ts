/** PDPGD: primal steps of proximal Adam against dual steps of a weight for each pixel (Matyasko, Chau, 2021). */
import { losses } from "../loss/index.js";
import type { ImageOracle, Prediction } from "../oracle/index.js";
import { type Attack, type AttackSettings, type KeptPoint, lostLate, requireLinf } from "./attack.js";
import { Adam } from "./optimizer/adam.js";
import { descend } from "./optimizer/descend.js";
import { type Bounds, boundsOf, cutToBounds, shrinkLargest } from "./optimizer/proximal.js";

/** The primal step size falls by this factor over the steps. */
const [firstStep, stepFall] = [0.01, 0.01];
/** The dual step size falls to a tenth. */
const [firstDualStep, dualFall] = [0.1, 0.1];
/** How much of the weights is that of the step before. */
const memory = 0.9;
const largestLogWeight = -Math.log(1e-12);

const loss = losses.margin;

/**
 * Minimises (1 − Σλ)·‖δ‖∞ + Σ λ·softplus(m) over δ, and maximises Σ λ·sign(m) over the weights λ. The perturbations that are
 * allowed are those of the ball, so that every point counts; the published attack allows all, which is ε = 1.
 */
export const pdpgd: Attack = {
  name: "pdpgd",
  losses: [loss],
  passes: (steps) => 2 * steps + 1,
  run: descendByDuals,
};

async function descendByDuals(oracle: ImageOracle, settings: AttackSettings): Promise<KeptPoint> {
  requireLinf(pdpgd, settings);
  const { radius, steps } = settings;
  const { image, labels } = oracle;
  const bounds = boundsOf(image, radius);
  const adam = new Adam(image.length);
  const duals = new Duals(labels);
  const { point, step, history } = await descend(oracle, loss, settings, {
    weigh(now, i) {
      if (i > 0) duals.mix();
      return duals.weigh(now);
    },
    move(delta, gradient, i, now) {
      const stepSize = firstStep * stepFall ** (i / (steps + 1));
      adam.observe(gradient);
      const { mean, scale } = adam;
      for (let j = 0; j < delta.length; j++) delta[j]! += (stepSize * mean[j]!) / scale[j]!;
      cutToBounds(delta, bounds);
      shrink(delta, (stepSize * (1 - duals.total)) / duals.total, scale, bounds);
      duals.ascend(now, firstDualStep * (1 - (1 - dualFall) * (i / steps)));
    },
  });
  return { point, step, late: lostLate(history, steps) };
}

/** Fixed-point iterations of the proximal step, and the relative change below which they end. */
const iterations = 5;
const settled = 1e-2;

/** The proximal step of `lambda`·‖δ‖∞ in Adam's metric, in place, by iterations in the plain one (proximal Adam). */
function shrink(delta: Float32Array, lambda: number, scale: Float32Array, bounds: Bounds): void {
  const largest = scale.reduce((most, value) => Math.max(most, value), 0);
  const aim = delta.slice();
  for (let k = 0; k < iterations; k++) {
    const before = delta.slice();
    for (let j = 0; j < delta.length; j++) delta[j]! -= (scale[j]! / largest) * (delta[j]! - aim[j]!);
    shrinkLargest(delta, lambda / largest);
    cutToBounds(delta, bounds);
    if (distance(delta, before) < settled * distance(delta)) return;
  }
}

function distance(a: Float32Array, b?: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - (b?.[i] ?? 0)) ** 2, 0));
}

/** A weight λ for each pixel that counts; the norm of the perturbation has what is left of 1. */
class Duals {
  readonly #labels: ArrayLike<number>;
  /** Logarithms of the weights, relative to that of the norm. */
  readonly #logs: Float64Array;
  readonly #weights: Float64Array;

  /** All pixels together begin with the weight of the norm. */
  constructor(labels: ArrayLike<number>) {
    const counted = Array.prototype.filter.call(labels, (label: number) => label >= 0).length;
    this.#labels = labels;
    this.#logs = Float64Array.from({ length: labels.length }, (_, j) =>
      labels[j]! >= 0 ? -Math.log(counted) : Number.NEGATIVE_INFINITY,
    );
    this.#weights = this.#softmax();
  }

  /** Σλ. */
  get total(): number {
    return this.#weights.reduce((sum, weight) => sum + weight, 0);
  }

  /** Brings the weights a tenth of the way to what the logarithms say. */
  mix(): void {
    const next = this.#softmax();
    for (let j = 0; j < next.length; j++)
      this.#weights[j] = memory * this.#weights[j]! + (1 - memory) * next[j]!;
  }

  /** The weight of each pixel's loss −m, so that its gradient is that of −λ·softplus(m). */
  weigh({ values }: Prediction): Float32Array {
    // Losses are means over all pixels.
    return values!.map((value, j) => (values!.length * this.#weights[j]!) / (1 + Math.exp(value)));
  }

  /** Raises the weights of right pixels, and lowers those of wrong ones. */
  ascend({ values }: Prediction, stepSize: number): void {
    for (let j = 0; j < this.#logs.length; j++) {
      if (this.#labels[j]! < 0) continue;
      const next = this.#logs[j]! - stepSize * Math.sign(values![j]!);
      this.#logs[j] = Math.min(Math.max(next, -largestLogWeight), largestLogWeight);
    }
  }

  /** The softmax of the logarithms and of a 0, the norm's. */
  #softmax(): Float64Array {
    const largest = this.#logs.reduce((most, value) => Math.max(most, value), 0);
    const powers = this.#logs.map((value) => Math.exp(value - largest));
    const sum = powers.reduce((total, value) => total + value, Math.exp(-largest));
    return powers.map((power) => power / sum);
  }
}
