/** The oracle over a prepared model: sessions opened on first use, one for each graph. */
import { float32, int64, invariant, SeawallError, type Tensor } from "../base/index.js";
import type { Loss, LossFamily } from "../loss/index.js";
import type { Graph } from "../onnx/index.js";
import { openSession, type Session, type SessionOptions } from "../runtime/index.js";
import { gradientGraph, predictGraph, stepGraph } from "./compile.js";
import { imageName } from "./input.js";
import { type OpenOptions, type PreparedModel, prepareModel } from "./open.js";
import type { Cost, ImageOracle, Oracle, OracleOptions, Query, Step } from "./oracle.js";

/** A model that is ready to be attacked. */
export interface Model {
  readonly prepared: PreparedModel;
  oracle(options: OracleOptions): Oracle;
}

/**
 * Opens a model: finds image and logits, fixes every shape, folds constants.
 * @throws SeawallError if the file is no segmentation model that Seawall can attack
 */
export async function openModel(
  graph: Graph,
  options: OpenOptions = {},
  engine: SessionOptions = {},
): Promise<Model> {
  // Images run one by one: sums over a batch are rounded in another order than sums over an image.
  const prepared = await prepareModel(graph, { ...options, batch: 1 });
  return { prepared, oracle: (oracleOptions) => new ModelOracle(prepared, oracleOptions, engine) };
}

class ModelOracle implements Oracle {
  readonly classes: number;
  readonly height: number;
  readonly width: number;
  readonly notices: readonly string[];
  /** By what a session was made for: a family of losses, the loss it scores by, or the name of a step. */
  readonly #sessions = new Map<LossFamily | Loss | string, Promise<Session>>();
  readonly #model: PreparedModel;
  readonly #options: OracleOptions;
  readonly #engine: SessionOptions;

  constructor(model: PreparedModel, options: OracleOptions, engine: SessionOptions) {
    this.classes = model.classes;
    this.height = model.height;
    this.width = model.width;
    this.notices = model.notices;
    this.#model = model;
    this.#options = options;
    this.#engine = engine;
  }

  image(image: Float32Array, labels: ArrayLike<number>, spent?: Readonly<Cost>): ImageOracle {
    const { height, width } = this;
    invariant(
      image.length === 3 * height * width,
      `an image of ${image.length} numbers for a model of 3×${height}×${width}`,
    );
    invariant(labels.length === height * width, `${labels.length} labels for an image of ${height}×${width}`);
    const wrong = Array.prototype.findIndex.call(labels, (label: number) => label >= this.classes);
    if (wrong >= 0) {
      throw new SeawallError(
        "data",
        `label ${labels[wrong]} at pixel ${wrong} is none of the model's ${this.classes} classes; −1 marks pixels that count nowhere`,
      );
    }
    return new OneImage(this, image, labels, spent);
  }

  async dispose(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).dispose();
  }

  /** The losses that share a session with `loss`: those of its family. */
  relatives({ family }: Loss): Loss[] {
    return this.#options.losses.filter((other) => other.family === family);
  }

  passed(): void {
    this.#options.onPass?.();
  }

  refuseAborted(): void {
    this.#options.signal?.throwIfAborted();
  }

  evaluating(loss: Loss): Promise<Session> {
    const { tracking = "own", classWeights } = this.#options;
    const relatives = this.relatives(loss);
    invariant(
      relatives.includes(loss),
      `the oracle was opened without the loss ${loss.name}; name it in \`losses\``,
    );
    return this.#session(loss.family, () =>
      gradientGraph(this.#model, relatives, { tracking, ...(classWeights && { classWeights }) }),
    );
  }

  /** A session serves the loss whose score it writes and all losses that score by correct pixels. */
  predicting(loss?: Loss): Promise<Session> {
    const scored =
      loss && this.hasOwnScore(loss) ? loss : this.#options.losses.find((one) => this.hasOwnScore(one));
    return this.#session(scored ?? "predict", () =>
      predictGraph(this.#model, scored, this.#options.classWeights),
    );
  }

  stepping(step: Step): Promise<Session> {
    return this.#session(`step ${step.name}`, () => stepGraph(step, 3 * this.height * this.width));
  }

  /** Whether the kept point of `loss` minimises something else than the number of correct pixels. */
  hasOwnScore({ score }: Loss): boolean {
    return (this.#options.tracking ?? "own") === "own" && score !== undefined;
  }

  #session(key: LossFamily | Loss | string, write: () => Graph): Promise<Session> {
    const session = this.#sessions.get(key) ?? openSession(write(), this.#engine);
    this.#sessions.set(key, session);
    return session;
  }
}

class OneImage implements ImageOracle {
  readonly image: Float32Array;
  readonly labels: ArrayLike<number>;
  readonly height: number;
  readonly width: number;
  readonly cost: Cost;
  readonly #oracle: ModelOracle;
  readonly #labelTensor: Tensor;

  constructor(
    oracle: ModelOracle,
    image: Float32Array,
    labels: ArrayLike<number>,
    spent: Readonly<Cost> = { forward: 0, backward: 0, seconds: 0 },
  ) {
    this.cost = { ...spent };
    this.height = oracle.height;
    this.width = oracle.width;
    this.#oracle = oracle;
    this.image = image;
    this.labels = labels;
    this.#labelTensor = int64([1, labels.length], Array.from(labels));
  }

  async evaluate(point: Float32Array, query: Query) {
    const relatives = this.#oracle.relatives(query.loss);
    const outputs = await this.#run(this.#oracle.evaluating(query.loss), {
      ...this.#feeds(point),
      choice: float32(
        [1, relatives.length],
        relatives.map((loss) => (loss === query.loss ? 1 : 0)),
      ),
      balance: float32([1, 1, 1], [query.balance ?? 0]),
    });
    this.#oracle.passed();
    this.cost.forward++;
    this.cost.backward++;
    return {
      objective: scalar(outputs.objective),
      tracked: scalar(outputs.tracked),
      correct: scalar(outputs.correct),
      score: scalar(outputs.score),
      gradient: outputs.gradient!.data as Float32Array,
    };
  }

  async predict(point: Float32Array, loss?: Loss) {
    const outputs = await this.#run(this.#oracle.predicting(loss), this.#feeds(point));
    this.#oracle.passed();
    this.cost.forward++;
    const correct = scalar(outputs.correct);
    return {
      classes: outputs.classes!.data as ArrayLike<number>,
      correct,
      score: loss && this.#oracle.hasOwnScore(loss) ? scalar(outputs.score) : correct,
    };
  }

  async step<T extends string, S extends string>(
    step: Step<T, S>,
    tensors: Readonly<Record<T, Float32Array>>,
    scalars: Readonly<Record<S, number>>,
  ): Promise<Float32Array> {
    const feeds: Record<string, Tensor> = {};
    for (const name of step.tensors) feeds[name] = float32([1, tensors[name].length], tensors[name]);
    for (const name of step.scalars) feeds[name] = float32([1, 1], [scalars[name]]);
    const outputs = await this.#run(this.#oracle.stepping(step), feeds);
    return outputs.next!.data as Float32Array;
  }

  #feeds(point: Float32Array): Record<string, Tensor> {
    const { height, width } = this;
    return { [imageName]: float32([1, 3, height, width], point), labels: this.#labelTensor };
  }

  async #run(session: Promise<Session>, feeds: Readonly<Record<string, Tensor>>) {
    this.#oracle.refuseAborted();
    const open = await session;
    const started = performance.now();
    const outputs = await open.run(feeds);
    this.cost.seconds += (performance.now() - started) / 1000;
    return outputs;
  }
}

function scalar(tensor: Tensor | undefined): number {
  return (tensor!.data as Float32Array)[0]!;
}
