/** What a loss weighs, tracks and scores, in words and as arithmetic that shares no code with the graphs. */
import type { LossName } from "../../src/loss/index.js";

/** One pixel whose label counts. */
export interface Pixel {
  readonly logits: readonly number[];
  readonly label: number;
  /** ω of the label's class. */
  readonly classWeight: number;
  /** λ of balanced-ce. */
  readonly balance: number;
  /** v of expected-miou: the gain of each class, and in the label's place minus its price. */
  readonly values: readonly number[];
}

/** A number per pixel, as the documentation writes it and as it is computed. */
export interface Term {
  readonly text: string;
  readonly of: (pixel: Pixel) => number;
}

export interface LossTerms {
  /** w of the gradient w·(p − e_y), the mask m of −(m/‖u‖)·(e_y − û_y·û), or the factor of p∘(v − Σ_t p_t·v_t). */
  readonly weight: Term;
  readonly tracked: Term;
  /** As the published code tracks. */
  readonly published: Term;
  readonly score: Term;
}

export const norm = (values: readonly number[]) => Math.hypot(...values);

export function softmax(logits: readonly number[]): number[] {
  const powers = logits.map((u) => Math.exp(u - Math.max(...logits)));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

const probability = ({ logits, label }: Pixel) => softmax(logits)[label]!;
const isRight = ({ logits, label }: Pixel) => (logits.indexOf(Math.max(...logits)) === label ? 1 : 0);
const sigmoids = ({ logits }: Pixel) => logits.map((u) => 1 / (1 + Math.exp(-u)));

export const expectedValue = ({ logits, values }: Pixel) =>
  softmax(logits).reduce((sum, p, t) => sum + p * values[t]!, 0);

const one: Term = { text: "1", of: () => 1 };
const right: Term = { text: "1c", of: isRight };
const crossEntropy: Term = { text: "−log p_y", of: (pixel) => -Math.log(probability(pixel)) };
const onSphere: Term = {
  text: "−u_y/‖u‖₂",
  of: ({ logits, label }) => -logits[label]! / norm(logits),
};
const divergence: Term = {
  text: "itself",
  of: (pixel) => {
    const p = probability(pixel);
    return Math.LN2 + 0.5 * p * Math.log(p) - 0.5 * (1 + p) * Math.log(1 + p);
  },
};

const margin = ({ logits, label }: Pixel) =>
  logits[label]! - Math.max(...logits.filter((_, s) => s !== label));
const softMask = (temperature: number, text: string): Term => ({
  text,
  of: (pixel) => 1 / (1 + Math.exp(-margin(pixel) / temperature)),
});

const softmaxTerms = { tracked: crossEntropy, published: crossEntropy, score: right };
const sphericalTerms = { tracked: onSphere, published: onSphere, score: right };

export const lossTerms = {
  ce: { ...softmaxTerms, weight: one },
  "mask-ce": { ...softmaxTerms, weight: right },
  "soft-mask-ce-sharp": { ...softmaxTerms, weight: softMask(0.25, "σ(4m)") },
  "soft-mask-ce": { ...softmaxTerms, weight: softMask(1, "σ(m)") },
  "soft-mask-ce-wide": { ...softmaxTerms, weight: softMask(4, "σ(m/4)") },
  "balanced-ce": {
    ...softmaxTerms,
    weight: {
      text: "1−λ if right, λ if wrong",
      of: (pixel) => (isRight(pixel) ? 1 - pixel.balance : pixel.balance),
    },
  },
  "class-balanced-ce": {
    weight: { text: "1c·ω_y", of: (pixel) => isRight(pixel) * pixel.classWeight },
    tracked: { text: "−ω_y·log p_y", of: (pixel) => pixel.classWeight * crossEntropy.of(pixel) },
    published: crossEntropy,
    score: { text: "1c·ω_y", of: (pixel) => isRight(pixel) * pixel.classWeight },
  },
  js: {
    ...softmaxTerms,
    weight: {
      text: "½·p_y·ln((1+p_y)/p_y)",
      of: (pixel) => 0.5 * probability(pixel) * Math.log1p(1 / probability(pixel)),
    },
    tracked: divergence,
  },
  cospgd: {
    ...softmaxTerms,
    weight: { text: "p_y/‖p‖₂", of: (pixel) => probability(pixel) / norm(softmax(pixel.logits)) },
  },
  "cospgd-sigmoid": {
    ...softmaxTerms,
    weight: {
      text: "σ(u_y)/‖σ(u)‖₂",
      of: (pixel) => sigmoids(pixel)[pixel.label]! / norm(sigmoids(pixel)),
    },
  },
  "expected-accuracy": {
    ...softmaxTerms,
    weight: { text: "p_y/‖p‖₂", of: (pixel) => probability(pixel) / norm(softmax(pixel.logits)) },
    tracked: { text: "−p_y", of: (pixel) => -probability(pixel) },
  },
  "expected-miou": {
    weight: { text: "1/‖p‖₂", of: (pixel) => 1 / norm(softmax(pixel.logits)) },
    tracked: { text: "Σ_t p_t·v_t", of: expectedValue },
    published: crossEntropy,
    score: {
      text: "−v of the predicted class",
      of: ({ logits, values }) => -values[logits.indexOf(Math.max(...logits))]!,
    },
  },
  spherical: { ...sphericalTerms, weight: one },
  "mask-spherical": { ...sphericalTerms, weight: right },
} satisfies Partial<Record<LossName, LossTerms>>;
