/** The terms that pixel losses are made of, each written into the graph at most once. */
import { int64 } from "../base/index.js";
import type { GraphBuilder, Value } from "../onnx/index.js";

/** Logits and labels flattened to N images of P pixels. */
export interface LossInputs {
  /** N×K×P, at label resolution. */
  readonly logits: Value;
  /** N×P, int64; −1 for pixels that count nowhere. */
  readonly labels: Value;
  /** K floats, one weight per class; needed by `class-balanced-ce` alone. */
  readonly classWeights?: Value;
  /** N×1×1, the balance λ in [0, ½] between right and wrong pixels; needed by `balanced-ce` alone. */
  readonly balance?: Value;
}

/** Per-pixel terms (N×1×P unless said), made on first use so that a loss pays for what it reads only. */
export interface PixelTerms {
  readonly build: GraphBuilder;
  readonly logits: Value;
  /** 1 where the pixel counts, 0 where its label is ignored. */
  valid(): Value;
  /** The label, with 0 for ignored pixels: always a legal index. */
  label(): Value;
  /**
   * `base` (N×K×P) with `update` (N×1×P) added in the label's channel, as a composite operator. `update` must not
   * matter where the label is ignored: a target may add it in channel 0 there, or nowhere.
   */
  addAtLabel(base: Value, update: Value): Value;
  /** 1 where the label is the argmax of the logits (ties go to the smallest class) and the pixel counts. */
  correct(): Value;
  /** Cross-entropy −log p_y. */
  crossEntropy(): Value;
  /** p_y, the probability of the label. */
  probability(): Value;
  /** N×K×P: exp(logits − max). */
  exponential(): Value;
  /** The sum of `exponential` over the classes. */
  partition(): Value;
  /** ‖p‖₂, the norm of the probabilities over the classes. */
  probabilityNorm(): Value;
  /** u_y − max_{j≠y} u_j: above 0 where the pixel is right, the more the surer. */
  margin(): Value;
  /** The label's logit, not shifted. */
  labelLogit(): Value;
  /** 1/‖logits‖₂ over the classes. */
  inverseLogitNorm(): Value;
  /** The weight of the label's class. */
  classWeight(): Value;
  /** λ, N×1×1. */
  balance(): Value;
}

/** Below this a norm counts as zero, so that its inverse stays finite. */
const smallestNorm = 1e-12;

/** What sinks a logit below all others. */
const farBelow = 1e30;

/** @param classes K, if known */
export function pixelTerms(build: GraphBuilder, inputs: LossInputs, classes?: number): PixelTerms {
  const b = build;
  const once = lazily();
  const class1 = [1];
  const needed = (value: Value | undefined, name: string): Value => {
    if (value === undefined) throw new Error(`internal: the loss needs ${name}`);
    return value;
  };
  const zero = b.constant(int64([], [0]));
  const labels = once("labels", () => b.op("Unsqueeze", [inputs.labels, b.ints(class1)]));
  const shifted = once("shifted", () => b.sub(inputs.logits, b.reduce("ReduceMax", inputs.logits, class1)));
  const atLabel = (values: Value) => b.op("GatherElements", [values, terms.label()], { axis: 1 });

  const terms: PixelTerms = {
    build,
    logits: inputs.logits,
    valid: once("valid", () => b.cast(b.op("GreaterOrEqual", [labels(), zero]), "float32")),
    label: once("label", () => b.max(labels(), zero)),
    addAtLabel: (base, update) => b.composite("AddAtLabel", [base, labels(), update], { classes }),
    correct: once("correct", () =>
      // An ignored label, −1, equals no argmax.
      b.cast(b.op("Equal", [b.op("ArgMax", [inputs.logits], { axis: 1 }), labels()]), "float32"),
    ),
    crossEntropy: once("crossEntropy", () => b.sub(b.log(terms.partition()), atLabel(shifted()))),
    probability: once("probability", () => b.exp(b.neg(terms.crossEntropy()))),
    exponential: once("exponential", () => b.exp(shifted())),
    partition: once("partition", () => b.reduce("ReduceSum", terms.exponential(), class1)),
    probabilityNorm: once("probabilityNorm", () =>
      b.div(b.reduce("ReduceL2", terms.exponential(), class1), terms.partition()),
    ),
    margin: once("margin", () => {
      const sunk = b.add(b.mul(terms.valid(), 0), -farBelow);
      const others = terms.addAtLabel(inputs.logits, sunk);
      return b.sub(terms.labelLogit(), b.reduce("ReduceMax", others, class1));
    }),
    labelLogit: once("labelLogit", () => atLabel(inputs.logits)),
    inverseLogitNorm: once("inverseLogitNorm", () =>
      b.op("Reciprocal", [b.max(b.reduce("ReduceL2", inputs.logits, class1), smallestNorm)]),
    ),
    classWeight: once("classWeight", () =>
      b.op("Gather", [needed(inputs.classWeights, "class weights"), terms.label()]),
    ),
    balance: () => needed(inputs.balance, "a balance"),
  };
  return terms;
}

/** Wraps a maker so that it runs once. */
function lazily() {
  const made = new Map<string, Value>();
  return (name: string, make: () => Value) => () => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const value = make();
    made.set(name, value);
    return value;
  };
}
