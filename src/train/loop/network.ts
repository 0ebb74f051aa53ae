/** A network in training: its graphs as sessions, fed from vectors and writing into them. */
import { float32, randomStream, sizeOf, type Tensor } from "../../base/index.js";
import { cpuThresholds } from "../../compile/index.js";
import { type Architecture, type BuildOptions, type BuiltArchitecture, build } from "../../nn/index.js";
import type { Graph } from "../../onnx/index.js";
import { openSession, type Session, type SessionOptions, type Tensors } from "../../runtime/index.js";
import {
  attackGraph,
  gradientGraph,
  predictionGraph,
  type TrainableNetwork,
  traceNetwork,
} from "../graphs/graphs.js";
import { viewsOf } from "../state/layout.js";
import type { ParameterLayouts, TrainingState } from "../state/parameters.js";

/** Images N×3×H×W in [0, 1] and labels N×P, −1 where a pixel counts nowhere. */
export interface Batch {
  readonly images: Float32Array;
  readonly labels: BigInt64Array;
}

/** Radius and step size in [0, 1] image units. */
export interface AttackStep {
  readonly radius: number;
  readonly stepSize: number;
}

/** A network as it is trained, with the head whose loss is added, and as it is attacked and used. */
export interface NetworkBuilds {
  readonly training: BuiltArchitecture;
  readonly inference: BuiltArchitecture;
  /** As in inference, for one of the equal parts in which a batch is attacked. */
  readonly attacked: BuiltArchitecture;
  /** How many parts that are. */
  readonly lanes: number;
}

export interface NetworkOptions {
  /** Height and width of the images. */
  readonly size: readonly [number, number];
  /** Images of an update. */
  readonly batchSize: number;
  /** Images of a step of the attack, and of a prediction. */
  readonly attacked: number;
  /** The attack's passes return the parameters' gradient too. */
  readonly accumulating: boolean;
  /** Into how many equal parts a batch may be divided to be attacked; default 1. */
  readonly lanes?: number;
  /** Seed of the masks by which branches and elements are left out. */
  readonly seed: number;
}

/** Writes an architecture in both forms. */
export function buildNetwork(
  architecture: Architecture,
  { size, batchSize, attacked, lanes: most = 1 }: NetworkOptions,
  variant: Pick<BuildOptions, "classes" | "normalization" | "flavour">,
): NetworkBuilds {
  const common = { ...variant, size };
  const training = build(architecture, { ...common, batch: batchSize, training: true, auxiliary: true });
  const inference = build(architecture, { ...common, batch: attacked });
  const lanes = parametersOf(training) > cpuThresholds.dividedParameters.value ? 1 : most;
  const part = lanes === 1 ? inference : build(architecture, { ...common, batch: attacked / lanes });
  return { training, inference, attacked: part, lanes };
}

function parametersOf({ parameters }: BuiltArchitecture): number {
  return parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** A session of the attack's graph. */
export interface AttackSession extends Pick<Session, "run" | "dispose"> {
  /** Later runs are fed these too, as they are now. */
  keep(parameters: Tensors): Promise<void>;
}

/**
 * One step of an attack on the images `clean` from the point `batch.images`; the result lies in a new buffer.
 * Resolves to the next point, the loss at `batch.images`, and (if accumulating) the parameters' gradient there.
 */
export type AttackPass = (
  batch: Batch,
  clean: Float32Array,
  step: AttackStep,
) => Promise<{ point: Float32Array; loss: number; gradient: Float32Array | undefined }>;

interface Graphs {
  readonly attack: AttackSession;
  readonly gradient: Session;
  readonly predict: Session;
}

/** Passes over a state's parameters. No pass changes the state but `gradient`, which moves the running statistics. */
export class TrainingNetwork {
  /** Labels of an image: pixels, or 1 of a classifier. */
  readonly labels: number;
  /** Whether the attack's passes return the parameters' gradient. */
  readonly accumulating: boolean;
  readonly #options: NetworkOptions;
  readonly #training: BuiltArchitecture;
  readonly #layouts: ParameterLayouts;
  /** The parameters of the network in inference. */
  readonly #inferred: ReadonlySet<string>;
  readonly #sessions: Graphs;
  readonly #gradient: Float32Array;
  #spareStatistics: Float32Array;

  private constructor(
    options: NetworkOptions,
    training: BuiltArchitecture,
    inference: TrainableNetwork,
    layouts: ParameterLayouts,
    sessions: Graphs,
  ) {
    const [, , ...size] = inference.types.get("logits")!.shape;
    this.labels = sizeOf(size);
    this.accumulating = options.accumulating;
    this.#options = options;
    this.#training = training;
    this.#layouts = layouts;
    this.#inferred = new Set(inference.graph.inputs.map(({ name }) => name));
    this.#sessions = sessions;
    this.#gradient = new Float32Array(layouts.learned.length);
    this.#spareStatistics = new Float32Array(layouts.statistics.length);
  }

  /** @param openAttack makes a session for all attacked images of the attack's graph for one part of them */
  static async open(
    options: NetworkOptions,
    builds: NetworkBuilds,
    layouts: ParameterLayouts,
    engine: SessionOptions = {},
    openAttack: (graph: Graph) => Promise<AttackSession> = (graph) => openWhole(graph, engine),
  ): Promise<TrainingNetwork> {
    const inference = await traceNetwork(builds.inference);
    const attacked = builds.attacked === builds.inference ? inference : await traceNetwork(builds.attacked);
    const sessions = {
      attack: await openAttack(attackGraph(attacked, options.accumulating)),
      gradient: await openSession(gradientGraph(await traceNetwork(builds.training)), engine),
      predict: await openSession(predictionGraph(inference), engine),
    };
    return new TrainingNetwork(options, builds.training, inference, layouts, sessions);
  }

  /** Begins an attack on the network as it is; its steps count until the state changes or another attack begins. */
  async beginAttack(state: TrainingState): Promise<AttackPass> {
    await this.#sessions.attack.keep(this.#inferenceParameters(state));
    return (batch, clean, step) => this.#attackStep(batch, clean, step);
  }

  async #attackStep(
    { images, labels }: Batch,
    clean: Float32Array,
    { radius, stepSize }: AttackStep,
  ): ReturnType<AttackPass> {
    const { accumulating } = this;
    const { attacked } = this.#options;
    const point = new Float32Array(images.length);
    const loss = new Float32Array(1);
    const feeds = {
      image: this.#imageTensor(images, attacked),
      clean: this.#imageTensor(clean, attacked),
      labels: this.#labelTensor(labels, attacked),
      radius: float32([1, 1], [radius]),
      stepSize: float32([1, 1], [stepSize]),
    };
    // Parameters that only training reads, an auxiliary head's, have none from the attack.
    if (accumulating) this.#gradient.fill(0);
    await this.#sessions.attack.run(feeds, {
      next: this.#imageTensor(point, attacked),
      loss: float32([], loss),
      ...(accumulating && this.#read(this.#gradientViews(), "grad/")),
    });
    return { point, loss: loss[0]!, gradient: accumulating ? this.#gradient : undefined };
  }

  /**
   * The gradient of the training loss with respect to the learned parameters, and the running statistics' next
   * values. Chance, where the network has any, depends on seed and step alone.
   * @returns the loss of the logits, and the gradient in a buffer that the next pass overwrites
   */
  async gradient(state: TrainingState, batch: Batch, pass: number) {
    const { batchSize } = this.#options;
    const loss = new Float32Array(1);
    const feeds = {
      ...viewsOf(this.#layouts.learned, state.parameters),
      ...viewsOf(this.#layouts.statistics, state.statistics),
      ...this.#noise(pass),
      image: this.#imageTensor(batch.images, batchSize),
      labels: this.#labelTensor(batch.labels, batchSize),
    };
    await this.#sessions.gradient.run(feeds, {
      loss: float32([], loss),
      ...this.#gradientViews(),
      ...viewsOf(this.#layouts.statistics, this.#spareStatistics, "next/"),
    });
    [state.statistics, this.#spareStatistics] = [this.#spareStatistics, state.statistics];
    return { loss: loss[0]!, gradient: this.#gradient };
  }

  /** The class of each pixel of each image. */
  async predict(state: TrainingState, images: Float32Array): Promise<ArrayLike<number>> {
    const image = this.#imageTensor(images, this.#options.attacked);
    const { classes } = await this.#sessions.predict.run({ ...this.#inferenceParameters(state), image });
    return classes!.data as ArrayLike<number>;
  }

  async dispose(): Promise<void> {
    for (const session of Object.values(this.#sessions)) await session.dispose();
  }

  #inferenceParameters(state: TrainingState): Record<string, Tensor> {
    return this.#read({
      ...viewsOf(this.#layouts.learned, state.parameters),
      ...viewsOf(this.#layouts.statistics, state.statistics),
    });
  }

  /** Those tensors that the network in inference has, by their names after a prefix. */
  #read(tensors: Tensors, prefix = ""): Record<string, Tensor> {
    const known = ([name]: readonly [string, Tensor]) => this.#inferred.has(name.slice(prefix.length));
    return Object.fromEntries(Object.entries(tensors).filter(known));
  }

  #gradientViews(): Record<string, Tensor> {
    return viewsOf(this.#layouts.learned, this.#gradient, "grad/");
  }

  #imageTensor(data: Float32Array, images: number): Tensor {
    return float32([images, 3, ...this.#options.size], data);
  }

  #labelTensor(data: BigInt64Array, images: number): Tensor {
    return { type: "int64", dims: [images, this.labels], data };
  }

  /** Factors of 1/keep with probability keep, else 0. */
  #noise(pass: number): Record<string, Tensor> {
    return Object.fromEntries(
      this.#training.noise.map(({ name, shape, keep }) => {
        const dims = shape as readonly number[];
        const numbers = randomStream("noise", this.#options.seed, pass, name).uniform(sizeOf(dims), 0, 1);
        return [
          name,
          float32(
            dims,
            numbers.map((number) => (number < keep ? 1 / keep : 0)),
          ),
        ];
      }),
    );
  }
}

/** The attack's session for all images at once. */
async function openWhole(graph: Graph, engine: SessionOptions): Promise<AttackSession> {
  const session = await openSession(graph, engine);
  let kept: Tensors = {};
  return {
    async keep(parameters) {
      kept = parameters;
    },
    run: (feeds, fetches) => session.run({ ...kept, ...feeds }, fetches),
    dispose: () => session.dispose(),
  };
}
