/** The oracle of a model: checks images and labels, takes attacks' steps, and counts. How it answers is left to `Answers`. */
import { float32, invariant, SeawallError, type Tensor } from "../../base/index.js";
import { type StepFragment, stepProgram, targetOf } from "../../compile/index.js";
import type { SessionOptions } from "../../runtime/index.js";
import { Meter } from "./meter.js";
import type { Cost, ImageOracle, Oracle, OracleOptions } from "./oracle.js";
import { Sessions, type SessionsOf } from "./sessions.js";

/** How a model answers: on whole images, or window by window. */
export interface Answers {
  /** Answers about one image with these labels, H·W classes; its passes are counted on the meter. */
  of(labels: ArrayLike<number>, meter: Meter): Pick<ImageOracle, "evaluate" | "predict">;
  open(): Promise<void>;
  dispose(): Promise<void>;
}

/** Channels and size of the images that an oracle answers about, its classes, and the decisions made for it. */
export type OracleForm = Pick<Oracle, "classes" | "channels" | "height" | "width" | "notices">;

export class ModelOracle implements Oracle {
  readonly classes: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly notices: readonly string[];
  readonly #answers: Answers;
  readonly #options: OracleOptions;
  readonly #engine: SessionOptions;
  readonly #steps: SessionsOf<typeof stepProgram>;

  constructor(form: OracleForm, answers: Answers, options: OracleOptions, engine: SessionOptions) {
    this.classes = form.classes;
    this.channels = form.channels;
    this.height = form.height;
    this.width = form.width;
    this.notices = form.notices;
    this.#answers = answers;
    this.#options = options;
    this.#engine = engine;
    this.#steps = new Sessions(engine);
  }

  image(image: Float32Array, labels: ArrayLike<number>, spent?: Readonly<Cost>): ImageOracle {
    const { channels, height, width } = this;
    invariant(
      image.length === channels * height * width,
      `an image of ${image.length} numbers for a model of ${channels}×${height}×${width}`,
    );
    invariant(labels.length === height * width, `${labels.length} labels for an image of ${height}×${width}`);
    const wrong = Array.prototype.findIndex.call(labels, (label: number) => label >= this.classes);
    if (wrong >= 0) {
      throw new SeawallError(
        "data",
        `label ${labels[wrong]} at pixel ${wrong} is none of the model's ${this.classes} classes; −1 marks pixels that count nowhere`,
      );
    }
    const meter = new Meter(this.#options, spent);
    const answers = this.#answers.of(labels, meter);
    return {
      ...{ image, labels, channels, height, width, cost: meter.cost },
      evaluate: answers.evaluate.bind(answers),
      predict: answers.predict.bind(answers),
      step: (step, tensors, scalars) => this.#step(meter, step, tensors, scalars),
    };
  }

  open(): Promise<void> {
    return this.#answers.open();
  }

  async dispose(): Promise<void> {
    await this.#answers.dispose();
    await this.#steps.dispose();
  }

  async #step<T extends string, S extends string>(
    meter: Meter,
    step: StepFragment<T, S>,
    tensors: Readonly<Record<T, Float32Array>>,
    scalars: Readonly<Record<S, number>>,
  ): Promise<Float32Array> {
    const features = this.channels * this.height * this.width;
    const session = this.#steps.open(step.name, () =>
      stepProgram(step, features, targetOf(this.#engine.device)),
    );
    const feeds: Record<string, Tensor<"float32">> = {};
    for (const name of step.tensors) feeds[name] = float32([1, tensors[name].length], tensors[name]);
    for (const name of step.scalars) feeds[name] = float32([1, 1], [scalars[name]]);
    return (await meter.run(session, feeds)).next.data;
  }
}
