/** The terms that pixel losses are made of, each written into the graph at most once. */
import type { TypedShape } from "../autodiff/index.js";
import { int64, invariant, SeawallError } from "../base/index.js";
import type { GraphBuilder, Value } from "../onnx/index.js";

/** Logits and labels flattened to N images of P pixels. */
export interface LossInputs {
  /** N×K×P, at label resolution. */
  readonly logits: Value;
  /** N×P, int64; −1 for pixels that count nowhere. */
  readonly labels: Value;
  /** K floats, one weight per class; needed by losses that say `needsClassWeights`. */
  readonly classWeights?: Value;
  /** N×1×1, the balance λ in [0, ½] between correct and wrong pixels, for losses that read `balance()`. */
  readonly balance?: Value;
  /**
   * N×1×1, 1/τ: softmax losses see the logits u/τ. Below 1, the temperature τ makes probabilities sharper, so that a
   * pixel pulls only near the point where its class changes. The argmax does not mind. Default: τ is 1.
   */
  readonly sharpness?: Value;
  /** For losses that say `needsSetValues`. */
  readonly set?: SetValues;
}

/** What the prediction of a pixel is worth to an attack on the mIoU of a whole set; N×K×1 each, at least 0. */
export interface SetValues {
  /** What it gains when a pixel of another class is taken for this class. */
  readonly gain: Value;
  /** What a pixel of this class costs it while it is right. */
  readonly price: Value;
}

/** How many images, classes and pixels an image the logits have. */
export interface LossSize {
  /** N; needed by losses that are given by their value alone. */
  readonly images?: number;
  /** K, if known. */
  readonly classes?: number;
  /** P. */
  readonly pixels: number;
}

/**
 * What losses are made of: terms of each pixel, N×1×P where nothing else is said. A term is written into the graph
 * when it is first asked for.
 */
export interface PixelTerms {
  readonly build: GraphBuilder;
  readonly logits: Value;
  /** K, if known. */
  readonly classes: number | undefined;
  /** 1 where the pixel counts, 0 where its label is ignored. */
  valid(): Value;
  /** The label, with 0 for ignored pixels: always a legal index. */
  label(): Value;
  /**
   * `base` (N×K×P) with `update` (N×1×P) added in the label's channel, as a composite operator. `update` must not
   * matter where the label is ignored: a target may add it in channel 0 there, or nowhere.
   */
  addAtLabel(base: Value, update: Value): Value;
  /** 1 where no logit is NaN, so that there is a largest; 0 elsewhere. */
  decided(): Value;
  /** 1 where the label is the argmax of the logits (ties go to the smallest class) and the pixel is decided and counts. */
  correct(): Value;
  /** The class of the largest logit, the smallest of equals; int64. */
  predicted(): Value;
  /** Cross-entropy −log p_y, p the softmax of logits/τ. */
  crossEntropy(): Value;
  /** p_y, the probability of the label. */
  probability(): Value;
  /** 1/τ, N×1×1; undefined where τ is 1. */
  readonly sharpness: Value | undefined;
  /** N×K×P: exp((logits − max)/τ). */
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
  setValues(): SetValues;
  /** Types and static shapes of the logits and of every other input of the loss. */
  types(): ReadonlyMap<Value, TypedShape>;
}

/** 1 where a pixel counts, 0 where its label is −1 (ignored); in the shape of the labels. */
export function validPixels(build: GraphBuilder, labels: Value): Value {
  return build.cast(build.op("GreaterOrEqual", [labels, build.constant(int64([], [0]))]), "float32");
}

/** A norm below this counts as zero, so that its inverse stays finite. */
const smallestNorm = 1e-12;

/** Added to a logit, this makes it smaller than every other. */
const farBelow = 1e30;

/** The terms of the pixels of one graph. */
export function pixelTerms(build: GraphBuilder, inputs: LossInputs, size: LossSize): PixelTerms {
  const b = build;
  const { classes } = size;
  const once = lazily();
  const class1 = [1];
  const needed = (value: Value | undefined, what: string): Value => {
    if (value === undefined) throw new SeawallError("config", `the loss reads ${what}; choose another one`);
    return value;
  };
  const zero = b.constant(int64([], [0]));
  const labels = once("labels", () => b.op("Unsqueeze", [inputs.labels, b.ints(class1)]));
  const { sharpness } = inputs;
  const shifted = once("shifted", () => {
    const belowLargest = b.sub(inputs.logits, b.reduce("ReduceMax", inputs.logits, class1));
    return sharpness === undefined ? belowLargest : b.mul(belowLargest, sharpness);
  });
  const atLabel = (values: Value) => b.op("GatherElements", [values, terms.label()], { axis: 1 });

  const terms: PixelTerms = {
    build,
    logits: inputs.logits,
    classes,
    sharpness,
    valid: once("valid", () => validPixels(b, labels())),
    label: once("label", () => b.max(labels(), zero)),
    addAtLabel: (base, update) => b.composite("AddAtLabel", [base, labels(), update], { classes }),
    decided: once("decided", () => {
      // The engine's sum hands NaN on; its maximum drops it.
      const sum = b.reduce("ReduceSum", inputs.logits, class1);
      return b.cast(b.op("Equal", [sum, sum]), "float32");
    }),
    correct: once("correct", () => {
      // An ignored label, −1, equals no argmax.
      const hit = b.cast(b.op("Equal", [terms.predicted(), labels()]), "float32");
      return b.mul(hit, terms.decided());
    }),
    predicted: once("predicted", () => b.op("ArgMax", [inputs.logits], { axis: 1 })),
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
      b.op("Gather", [
        needed(inputs.classWeights, "class weights, and does not say needsClassWeights"),
        terms.label(),
      ]),
    ),
    balance: () => needed(inputs.balance, "a balance, which only attacks of an evaluation have"),
    setValues: () => {
      if (inputs.set) return inputs.set;
      throw new SeawallError("config", "the loss reads values of the whole set; choose another one");
    },
    types: () => inputTypes(inputs, size),
  };
  return terms;
}

function inputTypes(inputs: LossInputs, { images, classes, pixels }: LossSize): Map<Value, TypedShape> {
  invariant(images && classes, "a loss given by its value alone needs the number of images and of classes");
  const { logits, labels, classWeights, balance, sharpness } = inputs;
  return new Map<Value, TypedShape>([
    [logits, { type: "float32", shape: [images, classes, pixels] }],
    [labels, { type: "int64", shape: [images, pixels] }],
    ...(classWeights ? [[classWeights, { type: "float32", shape: [classes] }] as const] : []),
    ...(balance ? [[balance, { type: "float32", shape: [images, 1, 1] }] as const] : []),
    ...(sharpness ? [[sharpness, { type: "float32", shape: [images, 1, 1] }] as const] : []),
  ]);
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
