/** The sessions that evaluate losses of a model: one for each family, and one for each score. */
import { float32, invariant, type Tensor } from "../../base/index.js";
import {
  evaluateProgram,
  predictProgram,
  type SegmentationModel,
  type Target,
  targetOf,
} from "../../compile/index.js";
import type { ClassValues, Loss } from "../../loss/index.js";
import type { SessionOptions, Tensors } from "../../runtime/index.js";
import type { Meter } from "./meter.js";
import type { OracleAnswer, OracleOptions, Prediction, Query } from "./oracle.js";
import { Sessions, type SessionsOf } from "./sessions.js";

/** What a session is asked about: an image 1×C×H×W, and labels 1×H·W. */
export interface LabelledImage {
  readonly image: Tensor<"float32">;
  readonly labels: Tensor<"int64">;
}

export class LossSessions {
  readonly #model: SegmentationModel;
  readonly #options: OracleOptions;
  readonly #target: Target;
  readonly #evaluating: SessionsOf<typeof evaluateProgram>;
  readonly #predicting: SessionsOf<typeof predictProgram>;

  constructor(model: SegmentationModel, options: OracleOptions, engine: SessionOptions) {
    this.#model = model;
    this.#options = options;
    this.#target = targetOf(engine.device);
    const { file } = model.graph;
    this.#evaluating = new Sessions(engine, file);
    this.#predicting = new Sessions(engine, file);
  }

  /** Loss and gradient; passes are counted by the caller. */
  async evaluate(
    meter: Meter,
    pixels: LabelledImage,
    { loss, balance = 0, temperature = 1, values, weights }: Query,
    parameters?: Tensors,
  ): Promise<OracleAnswer> {
    const relatives = relativesOf(loss, this.#options);
    const choice = relatives.map((other) => (other === loss ? 1 : 0));
    const { objective, tracked, correct, score, gradient } = await meter.run(
      this.#evaluatingSession(loss, relatives),
      {
        ...pixels,
        choice: float32([1, choice.length], choice),
        balance: float32([1, 1, 1], [balance]),
        sharpness: float32([1, 1, 1], [1 / temperature]),
        ...this.#setValues(values),
        ...(loss.weighed && { weights: pixelWeights(pixels, weights) }),
      },
      parameters,
    );
    return {
      objective: objective.data[0]!,
      tracked: tracked.data[0]!,
      correct: correct.data[0]!,
      score: score.data[0]!,
      gradient: gradient.data,
    };
  }

  /** Classes and counts; passes are counted by the caller. */
  async predict(
    meter: Meter,
    pixels: LabelledImage,
    { loss, values }: Partial<Query> = {},
    parameters?: Tensors,
  ): Promise<Prediction> {
    const scored = scoredLoss(loss, this.#options);
    const feeds = { ...pixels, ...this.#setValues(values) };
    const outputs = await meter.run(this.#predictingSession(scored), feeds, parameters);
    const correct = outputs.correct.data[0]!;
    const score = loss && scored === loss ? outputs.score.data[0]! : correct;
    const undecided = outputs.undecided.data[0]!;
    const perPixel = outputs.values;
    return {
      classes: outputs.classes.data,
      correct,
      undecided,
      score,
      ...(perPixel && { values: perPixel.data }),
    };
  }

  async dispose(): Promise<void> {
    await this.#evaluating.dispose();
    await this.#predicting.dispose();
  }

  #setValues(values: ClassValues | undefined) {
    const { classes } = this.#model;
    const tensor = (of: readonly number[] = new Array<number>(classes).fill(0)) =>
      float32([1, classes, 1], of);
    return { gain: tensor(values?.gain), price: tensor(values?.price) };
  }

  #evaluatingSession(loss: Loss, relatives: readonly Loss[]) {
    const { tracking = "own", classWeights } = this.#options;
    const options = { target: this.#target, tracking, ...(classWeights && { classWeights }) };
    return this.#evaluating.open(loss.family, () => evaluateProgram(this.#model, relatives, options));
  }

  /** A session serves the loss whose score it writes and all losses that score by correct pixels. */
  #predictingSession(scored: Loss | undefined) {
    const { classWeights } = this.#options;
    const options = {
      target: this.#target,
      ...(classWeights && { classWeights }),
      ...(scored && { scored }),
    };
    return this.#predicting.open(scored ?? "", () => predictProgram(this.#model, options));
  }
}

/** The losses that share a session with `loss`: those of its family, itself included. */
export function relativesOf(loss: Loss, { losses }: OracleOptions): Loss[] {
  const relatives = losses.filter((other) => other.family === loss.family);
  invariant(
    relatives.includes(loss),
    `the oracle was opened without the loss ${loss.name}; name it in \`losses\``,
  );
  return relatives;
}

/** Weights of pixels as an input, N×1×P with one image. */
function pixelWeights({ labels }: LabelledImage, weights?: Float32Array): Tensor<"float32"> {
  const [, count] = labels.dims as [number, number];
  return float32([1, 1, count], weights ?? new Float32Array(count).fill(1));
}

/**
 * The loss whose score, and values if it is weighed, a prediction writes; undefined where every loss scores by
 * correct pixels.
 */
export function scoredLoss(loss: Loss | undefined, options: OracleOptions): Loss | undefined {
  // Whether the perturbed image that a loss keeps minimises something else than the number of correct pixels.
  const hasOwnScore = ({ score }: Loss) => (options.tracking ?? "own") === "own" && score !== undefined;
  return loss && (loss.weighed || hasOwnScore(loss)) ? loss : options.losses.find(hasOwnScore);
}
