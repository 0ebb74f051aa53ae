/** The sessions that evaluate losses of a model: one for each family, which predicts too. */
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
    query: Query,
    parameters?: Tensors,
  ): Promise<OracleAnswer> {
    const outputs = await this.#run(meter, pixels, query, true, parameters);
    const { objective, tracked, correct, score, gradient } = outputs;
    return {
      objective: objective.data[0]!,
      tracked: tracked.data[0]!,
      correct: correct.data[0]!,
      score: score.data[0]!,
      gradient: gradient.data,
    };
  }

  /** Classes, counts and loss; passes are counted by the caller. */
  async predict(
    meter: Meter,
    pixels: LabelledImage,
    query: Partial<Query> = {},
    parameters?: Tensors,
  ): Promise<Prediction> {
    const loss = sharedLoss(query.loss, this.#options);
    const shared = loss && (await this.#run(meter, pixels, { ...query, loss }, false, parameters));
    const outputs = shared ?? (await this.#predict(meter, pixels, query, parameters));
    const correct = outputs.correct.data[0]!;
    return {
      classes: outputs.classes.data,
      correct,
      undecided: outputs.undecided.data[0]!,
      score: query.loss ? outputs.score.data[0]! : correct,
      ...(query.loss && shared && { objective: shared.objective.data[0]! }),
      ...(query.loss?.weighed && { values: outputs.values!.data }),
    };
  }

  #run(
    meter: Meter,
    pixels: LabelledImage,
    { loss, balance = 0, temperature = 1, values, weights }: Query,
    backward: boolean,
    parameters: Tensors | undefined,
  ) {
    const relatives = relativesOf(loss, this.#options);
    const choice = relatives.map((other) => (other === loss ? 1 : 0));
    const weighed = relatives.some((other) => other.weighed);
    return meter.run(
      this.#evaluatingSession(loss, relatives),
      {
        ...pixels,
        choice: float32([1, choice.length], choice),
        balance: float32([1, 1, 1], [balance]),
        sharpness: float32([1, 1, 1], [1 / temperature]),
        backward: { type: "bool", dims: [1], data: Uint8Array.of(backward ? 1 : 0) },
        ...this.#setValues(values),
        ...(weighed && { weights: pixelWeights(pixels, weights) }),
      },
      parameters,
    );
  }

  /** For a model whose own gradient is never asked for. */
  #predict(
    meter: Meter,
    pixels: LabelledImage,
    { loss, values }: Partial<Query>,
    parameters: Tensors | undefined,
  ) {
    const { classWeights, tracking = "own" } = this.#options;
    const scored = loss && (loss.weighed || (tracking === "own" && loss.score)) ? loss : undefined;
    const options = {
      target: this.#target,
      ...(classWeights && { classWeights }),
      ...(scored && { scored }),
    };
    const session = this.#predicting.open(scored ?? "", () => predictProgram(this.#model, options));
    return meter.run(session, { ...pixels, ...this.#setValues(values) }, parameters);
  }

  /** Opens the session of the first loss, which predicts too. */
  async open(): Promise<void> {
    const [first] = this.#options.losses;
    if (first) await this.#evaluatingSession(first, relativesOf(first, this.#options));
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

/** The loss whose session predicts too; undefined where the oracle was opened without the loss asked about. */
export function sharedLoss(loss: Loss | undefined, { losses }: OracleOptions): Loss | undefined {
  return losses.find((own) => own === (loss ?? own));
}

/** Weights of pixels as an input, N×1×P with one image. */
function pixelWeights({ labels }: LabelledImage, weights?: Float32Array): Tensor<"float32"> {
  const [, count] = labels.dims as [number, number];
  return float32([1, 1, count], weights ?? new Float32Array(count).fill(1));
}
