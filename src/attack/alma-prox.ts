/** ALMA-prox: a small perturbation under a constraint for each pixel (Rony, Pesquet, Ben Ayed, CVPR 2023). */
import { losses } from "../loss/index.js";
import type { ImageOracle, Prediction } from "../oracle/index.js";
import { type Attack, type AttackSettings, type KeptPoint, lostLate, requireLinf } from "./attack.js";
import { descend } from "./optimizer/descend.js";
import { boundsOf, shrinkLargest } from "./optimizer/proximal.js";

/** Share of the pixels that shall be wrong. */
const target = 0.99;

/** Step size while less than that is reached; it falls to a tenth from then on, or from half of the steps. */
const firstStep = 1e-3;
const stepFall = 0.1;

/** α: how much of the multipliers, and of the mean of squared gradients, is that of the step before. */
const memory = 0.8;
const smallestMetric = 1e-8;

const loss = losses.dlr;

/**
 * Minimises ‖δ‖∞ under the constraint that each pixel is wrong. The perturbations that are allowed are those of the
 * ball, so that every point counts; the published attack allows all, which is ε = 1.
 */
export const almaProx: Attack = {
  name: "alma-prox",
  losses: [loss],
  passes: (steps) => 2 * steps + 1,
  run: almaProxFromImage,
};

async function almaProxFromImage(oracle: ImageOracle, settings: AttackSettings): Promise<KeptPoint> {
  requireLinf(almaProx, settings);
  const { radius, steps } = settings;
  const { image, labels } = oracle;
  const bounds = boundsOf(image, radius);
  const squares = new Float32Array(image.length);
  const metric = new Float32Array(image.length);
  const constraints = new Constraints(labels, steps);
  const { point, step, history } = await descend(oracle, loss, settings, {
    weigh: (now, i) => constraints.weigh(now, i),
    move(delta, gradient, i) {
      const stepSize = firstStep * constraints.stepShare(i);
      const unbiased = 1 - memory ** (i + 1);
      for (let j = 0; j < delta.length; j++) {
        squares[j] = memory * squares[j]! + (1 - memory) * gradient[j]! ** 2;
        metric[j] = Math.max(Math.sqrt(squares[j]! / unbiased), smallestMetric);
        delta[j]! += (stepSize / metric[j]!) * gradient[j]!;
      }
      shrinkLargest(delta, stepSize, metric, bounds);
    },
  });
  return { point, step, late: lostLate(history, steps) };
}

/** Steps between two looks at whether a pixel's constraint has become better. */
const interval = 10;
/** τ: to count as better, a constraint must fall below this share of what it was. */
const betterBelow = 0.95;
/** γ: by what the penalty of the others grows. */
const penaltyGrowth = 2;
/** By how much the scale of all constraints changes at a step, and its least; its largest is 1. */
const scaleRate = 0.02;
const smallestScale = 0.1;
const smallestMultiplier = 1e-12;

/** One constraint for each pixel: its difference of logits ratio, scaled, is to be below 0. */
class Constraints {
  readonly #labels: ArrayLike<number>;
  readonly #counted: number;
  readonly #steps: number;
  readonly #multipliers: Float64Array;
  readonly #penalties: Float64Array;
  /** The constraints at the last look. */
  #before: Float64Array | undefined;
  /** Pixels that were wrong at some point since the last look. */
  readonly #wonOnce: Uint8Array;
  #scale = 1;
  #reachedAt: number;
  #reached = false;

  constructor(labels: ArrayLike<number>, steps: number) {
    const pixels = labels.length;
    this.#labels = labels;
    this.#counted = Array.prototype.filter.call(labels, (label: number) => label >= 0).length;
    this.#steps = steps;
    this.#multipliers = new Float64Array(pixels).fill(1);
    this.#penalties = new Float64Array(pixels).fill(0.01);
    this.#wonOnce = new Uint8Array(pixels);
    this.#reachedAt = Math.floor((steps + 1) / 2);
  }

  /** The share of the first step size that is left after i steps. */
  stepShare(i: number): number {
    const slow = (stepFall / (1 - stepFall)) * Math.max(this.#steps + 1 - this.#reachedAt, 1);
    return slow / (Math.max(i - this.#reachedAt, 0) + slow);
  }

  /** Takes what point i is like; returns the weight of each pixel's loss: the slope of its penalty. */
  weigh({ classes, correct, values }: Prediction, i: number): Float32Array {
    const isReached = correct <= this.#counted - target * this.#counted;
    if (isReached && !this.#reached && i < Math.floor((this.#steps + 1) / 2)) this.#reachedAt = i;
    this.#reached ||= isReached;
    const scale = this.#scale / (isReached ? 1 + scaleRate : 1 - scaleRate);
    this.#scale = Math.min(Math.max(scale, smallestScale), 1);

    // The loss is the negative of the ratio.
    const constraints = Float64Array.from(values!, (value) => -value * this.#scale);
    const mostHopeless = this.#hopelessFrom(constraints, i);
    const holds = (j: number) => this.#labels[j]! >= 0 && constraints[j]! <= mostHopeless;
    for (let j = 0; j < constraints.length; j++) if (classes[j] !== this.#labels[j]) this.#wonOnce[j] = 1;
    if (i === 0) this.#before = constraints;
    else if ((i + 1) % interval === 0) this.#look(constraints, holds);

    const weights = new Float32Array(constraints.length);
    for (let j = 0; j < weights.length; j++) {
      const [c, penalty] = [constraints[j]!, this.#penalties[j]!];
      if (i > 0) {
        const slope = holds(j) ? penaltySlope(c, penalty, this.#multipliers[j]!) : 0;
        const mixed = memory * this.#multipliers[j]! + (1 - memory) * slope;
        this.#multipliers[j] = Math.min(Math.max(mixed, smallestMultiplier), 1);
      }
      if (!holds(j)) continue;
      // Losses are means over all pixels, and constraints are summed.
      weights[j] = weights.length * this.#scale * penaltySlope(c, penalty, this.#multipliers[j]!);
    }
    return weights;
  }

  /** The largest constraint that is not given up: of those that need not hold, a share that grows with the steps. */
  #hopelessFrom(constraints: Float64Array, i: number): number {
    const given = Math.trunc(((1 - target) * this.#counted * i) / this.#steps);
    if (given === 0) return Number.POSITIVE_INFINITY;
    return constraints
      .filter((_, j) => this.#labels[j]! >= 0)
      .sort()
      .at(-given)!;
  }

  #look(constraints: Float64Array, holds: (j: number) => boolean): void {
    for (let j = 0; j < constraints.length; j++) {
      const isBetter = (holds(j) ? constraints[j]! : 0) <= betterBelow * this.#before![j]!;
      if (!this.#wonOnce[j] && !isBetter) this.#penalties[j]! *= penaltyGrowth;
    }
    this.#before = constraints;
    this.#wonOnce.fill(0);
  }
}

/**
 * The slope at y of the penalty P(y) = μ·y + μ·ρ·y² + ρ²·y³/6 above 0, and μ·y/(1 − max(ρ, 1)·y) below
 * (P₂ of Birgin, Castillo, Martínez 2005).
 */
function penaltySlope(y: number, penalty: number, multiplier: number): number {
  if (y < 0) return multiplier / (1 - Math.max(penalty, 1) * y) ** 2;
  return multiplier + 2 * multiplier * penalty * y + (penalty ** 2 * y ** 2) / 2;
}
