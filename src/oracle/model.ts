/** The oracle over a prepared model: sessions opened on first use, one for each graph. */
import { float32, int64, invariant, placed, SeawallError, type Tensor } from "../base/index.js";
import {
  evaluateProgram,
  openProgram,
  type Program,
  type ProgramSession,
  predictProgram,
  type StepFragment,
  stepProgram,
  type Target,
  type TensorSpecs,
  type TensorsOf,
  targetOf,
} from "../compile/index.js";
import type { Loss, LossFamily } from "../loss/index.js";
import type { Graph } from "../onnx/index.js";
import type { SessionOptions } from "../runtime/index.js";
import { type OpenModelOptions, type PreparedModel, prepareModel } from "./open.js";
import type { Cost, ImageOracle, Oracle, OracleOptions, Query } from "./oracle.js";

/** A model that is ready to be attacked. */
export interface Model {
  readonly prepared: PreparedModel;
  oracle(options: OracleOptions): Oracle;
  /** For a quantised model: the one on real numbers that are clipped and not rounded, whose gradient can be checked. */
  readonly smooth?: () => Promise<Model>;
}

/**
 * Opens a model: finds image and logits, fixes every shape, folds constants.
 * @throws SeawallError if the file is no segmentation model that Seawall can attack
 */
export async function openModel(
  graph: Graph,
  options: OpenModelOptions = {},
  engine: SessionOptions = {},
): Promise<Model> {
  // Images run one by one: sums over a batch are rounded in another order than sums over an image.
  const prepared = await prepareModel(graph, { ...options, batch: 1 });
  return modelOf(prepared, engine);
}

function modelOf(prepared: PreparedModel, engine: SessionOptions): Model {
  const { smooth } = prepared;
  return {
    prepared,
    oracle: (oracleOptions) => new ModelOracle(prepared, oracleOptions, engine),
    ...(smooth && { smooth: async () => modelOf(await smooth(), engine) }),
  };
}

class ModelOracle implements Oracle {
  readonly classes: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly notices: readonly string[];
  readonly #evaluating: SessionsOf<typeof evaluateProgram>;
  readonly #predicting: SessionsOf<typeof predictProgram>;
  readonly #stepping: SessionsOf<typeof stepProgram>;
  readonly #target: Target;
  readonly #model: PreparedModel;
  readonly #options: OracleOptions;

  constructor(model: PreparedModel, options: OracleOptions, engine: SessionOptions) {
    this.classes = model.classes;
    this.channels = model.channels;
    this.height = model.height;
    this.width = model.width;
    this.notices = model.notices;
    this.#model = model;
    this.#options = options;
    const { file } = model.graph;
    this.#evaluating = new Sessions(engine, file);
    this.#predicting = new Sessions(engine, file);
    this.#stepping = new Sessions(engine, file);
    this.#target = targetOf(engine.device);
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
    return new OneImage(this, image, labels, spent);
  }

  async dispose(): Promise<void> {
    for (const sessions of [this.#evaluating, this.#predicting, this.#stepping]) await sessions.dispose();
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

  evaluating(loss: Loss) {
    const { tracking = "own", classWeights } = this.#options;
    const relatives = this.relatives(loss);
    invariant(
      relatives.includes(loss),
      `the oracle was opened without the loss ${loss.name}; name it in \`losses\``,
    );
    const options = { target: this.#target, tracking, ...(classWeights && { classWeights }) };
    return this.#evaluating.open(loss.family, () => evaluateProgram(this.#model, relatives, options));
  }

  /** A session serves the loss whose score it writes and all losses that score by correct pixels. */
  predicting(loss?: Loss) {
    const { classWeights } = this.#options;
    const scored =
      loss && this.hasOwnScore(loss) ? loss : this.#options.losses.find((one) => this.hasOwnScore(one));
    const options = {
      target: this.#target,
      ...(classWeights && { classWeights }),
      ...(scored && { scored }),
    };
    return this.#predicting.open(scored ?? "", () => predictProgram(this.#model, options));
  }

  stepping(step: StepFragment) {
    return this.#stepping.open(step.name, () =>
      stepProgram(step, this.channels * this.height * this.width, this.#target),
    );
  }

  /** Whether the perturbed image that `loss` keeps minimises something else than the number of correct pixels. */
  hasOwnScore({ score }: Loss): boolean {
    return (this.#options.tracking ?? "own") === "own" && score !== undefined;
  }
}

/** What a session was opened for: a family of losses, the loss it scores by, or the name of a step. */
type SessionKey = LossFamily | Loss | string;

/** Sessions of programs of one signature, opened on first use. */
class Sessions<I extends TensorSpecs, O extends TensorSpecs> {
  readonly #engine: SessionOptions;
  /** The model's file, for messages. */
  readonly #file: string | undefined;
  readonly #opened = new Map<SessionKey, Promise<ProgramSession<I, O>>>();

  constructor(engine: SessionOptions, file: string | undefined) {
    this.#engine = engine;
    this.#file = file;
  }

  open(key: SessionKey, write: () => Program<I, O>): Promise<ProgramSession<I, O>> {
    const session = this.#opened.get(key) ?? this.#load(write);
    this.#opened.set(key, session);
    return session;
  }

  async #load(write: () => Program<I, O>): Promise<ProgramSession<I, O>> {
    try {
      return await openProgram(write(), this.#engine);
    } catch (error) {
      throw placed(error, this.#file);
    }
  }

  async dispose(): Promise<void> {
    for (const session of this.#opened.values()) await (await session).dispose();
  }
}

type SessionsOf<P> = P extends (...given: never[]) => Program<infer I, infer O> ? Sessions<I, O> : never;

class OneImage implements ImageOracle {
  readonly image: Float32Array;
  readonly labels: ArrayLike<number>;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly cost: Cost;
  readonly #oracle: ModelOracle;
  readonly #labelTensor: Tensor<"int64">;

  constructor(
    oracle: ModelOracle,
    image: Float32Array,
    labels: ArrayLike<number>,
    spent: Readonly<Cost> = { forward: 0, backward: 0, seconds: 0 },
  ) {
    this.cost = { ...spent };
    this.channels = oracle.channels;
    this.height = oracle.height;
    this.width = oracle.width;
    this.#oracle = oracle;
    this.image = image;
    this.labels = labels;
    this.#labelTensor = int64([1, labels.length], Array.from(labels));
  }

  async evaluate(point: Float32Array, query: Query) {
    const relatives = this.#oracle.relatives(query.loss);
    const { objective, tracked, correct, score, gradient } = await this.#run(
      this.#oracle.evaluating(query.loss),
      {
        ...this.#at(point),
        choice: float32(
          [1, relatives.length],
          relatives.map((loss) => (loss === query.loss ? 1 : 0)),
        ),
        balance: float32([1, 1, 1], [query.balance ?? 0]),
        sharpness: float32([1, 1, 1], [1 / (query.temperature ?? 1)]),
      },
    );
    this.#oracle.passed();
    this.cost.forward++;
    this.cost.backward++;
    return {
      objective: objective.data[0]!,
      tracked: tracked.data[0]!,
      correct: correct.data[0]!,
      score: score.data[0]!,
      gradient: gradient.data,
    };
  }

  async predict(point: Float32Array, loss?: Loss) {
    const outputs = await this.#run(this.#oracle.predicting(loss), this.#at(point));
    this.#oracle.passed();
    this.cost.forward++;
    const correct = outputs.correct.data[0]!;
    const score = loss && this.#oracle.hasOwnScore(loss) ? outputs.score.data[0]! : correct;
    return { classes: outputs.classes.data, correct, score };
  }

  async step<T extends string, S extends string>(
    step: StepFragment<T, S>,
    tensors: Readonly<Record<T, Float32Array>>,
    scalars: Readonly<Record<S, number>>,
  ): Promise<Float32Array> {
    const feeds: Record<string, Tensor<"float32">> = {};
    for (const name of step.tensors) feeds[name] = float32([1, tensors[name].length], tensors[name]);
    for (const name of step.scalars) feeds[name] = float32([1, 1], [scalars[name]]);
    const { next } = await this.#run(this.#oracle.stepping(step), feeds);
    return next.data;
  }

  #at(point: Float32Array) {
    const { channels, height, width } = this;
    return { image: float32([1, channels, height, width], point), labels: this.#labelTensor };
  }

  async #run<I extends TensorSpecs, O extends TensorSpecs>(
    session: Promise<ProgramSession<I, O>>,
    feeds: TensorsOf<I>,
  ): Promise<TensorsOf<O>> {
    this.#oracle.refuseAborted();
    const open = await session;
    const started = performance.now();
    const outputs = await open.run(feeds);
    this.cost.seconds += (performance.now() - started) / 1000;
    return outputs;
  }
}
