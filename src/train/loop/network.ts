/** A network in training: its programs as sessions, fed from the vectors of a state. */
import { float32, randomStream, sizeOf, type Tensor } from "../../base/index.js";
import { cpuThresholds, openProgram, type Recompute, recomputing, targetOf } from "../../compile/index.js";
import type { Components } from "../../components/index.js";
import { type Loss, losses } from "../../loss/index.js";
import { type Architecture, type BuildOptions, type BuiltArchitecture, build } from "../../nn/index.js";
import type { SessionOptions, Tensors } from "../../runtime/index.js";
import {
  type AttackProgram,
  attackProgram,
  type PredictionProgram,
  predictionProgram,
  type SessionOf,
  type TrainableNetwork,
  type TrainingProgram,
  traceNetwork,
  trainingProgram,
} from "../graphs/graphs.js";
import type { Multipliers } from "../state/groups.js";
import { viewsOf } from "../state/layout.js";
import { layOutParameters, type ParameterLayouts, type TrainingState } from "../state/state.js";

/** Images N×C×H×W in [0, 1] and labels N×P, −1 where a pixel counts nowhere. */
export interface Batch {
  readonly images: Float32Array;
  readonly labels: BigInt64Array;
}

/** Radius and step size in [0, 1] image units. */
export interface AttackStep {
  readonly radius: number;
  readonly stepSize: number;
  /** λ of `balanced-ce`; default 0. */
  readonly balance?: number;
}

/** The network in its three forms. */
export interface NetworkBuilds {
  /** In training mode, with the auxiliary head whose loss is added. */
  readonly training: BuiltArchitecture;
  /** In inference mode. */
  readonly inference: BuiltArchitecture;
  /** In inference mode, for one of the equal parts in which a batch is attacked. */
  readonly attacked: BuiltArchitecture;
  /** Number of those parts. */
  readonly parts: number;
  /** Where the parameters lie in the vectors of a state. */
  readonly layouts: ParameterLayouts;
}

export interface NetworkOptions {
  /** Channels of the images; default 3. */
  readonly channels?: number | undefined;
  /** Height and width of the images. */
  readonly size: readonly [number, number];
  /** Images per batch. */
  readonly batchSize: number;
  /** Images per step of the attack, and per prediction. */
  readonly attacked: number;
  /** Whether the attack's passes return the parameters' gradient too. */
  readonly accumulating: boolean;
  /** Whether the passes in training mode return the gradient of the images too. */
  readonly replaying?: boolean;
  /** Into how many equal parts a batch may be divided to be attacked: threads of the processor; default 1. */
  readonly parts?: number;
  /** What the updates lower; default: cross-entropy. */
  readonly loss?: Loss;
  /** What the attack climbs; default: `loss`. */
  readonly climbed?: Loss | undefined;
  /** Gradient rules beside Seawall's own. */
  readonly rules?: Components["rules"];
  /** What backward passes make again instead of keeping it; default nothing. */
  readonly recompute?: Recompute;
  /** Seed of the random masks (dropout, stochastic depth). */
  readonly seed: number;
}

/** Builds an architecture in its three forms. */
export function buildNetwork(
  architecture: Architecture,
  options: NetworkOptions,
  variant: Pick<BuildOptions, "classes" | "normalization" | "flavour">,
  multipliers?: Multipliers,
): NetworkBuilds {
  const { channels, size, batchSize, attacked } = options;
  const common = { ...variant, channels, size };
  const training = build(architecture, { ...common, batch: batchSize, training: true, auxiliary: true });
  const inference = build(architecture, { ...common, batch: attacked });
  const parts = parametersOf(training) > cpuThresholds.dividedParameters.value ? 1 : partCount(options);
  const part = parts === 1 ? inference : build(architecture, { ...common, batch: attacked / parts });
  return { training, inference, attacked: part, parts, layouts: layOutParameters(training, multipliers) };
}

/** As many parts as allowed that divide the images evenly; one where the attack's gradients are added up. */
export function partCount({
  attacked,
  accumulating,
  parts = 1,
}: Pick<NetworkOptions, "attacked" | "accumulating" | "parts">): number {
  if (accumulating) return 1;
  let count = Math.min(parts, attacked, cpuThresholds.trainingWorkers.value);
  while (attacked % count !== 0) count--;
  return count;
}

function parametersOf({ parameters }: BuiltArchitecture): number {
  return parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** A session of the attack's program that takes the whole batch. */
export interface AttackSession extends Pick<SessionOf<AttackProgram>, "fill" | "dispose"> {
  /** Keeps tensors, with their present values, as feeds of every later run. */
  keep(parameters: Tensors): Promise<void>;
}

/**
 * One step of an attack from the iterate `batch.images` on the images `clean`.
 * @returns the next iterate in a new array, the loss at `batch.images`, and (if accumulating) the parameters' gradient
 *   there, in an array that the next pass overwrites
 */
export type AttackPass = (
  batch: Batch,
  clean: Float32Array,
  step: AttackStep,
) => Promise<{ next: Float32Array; loss: number; gradient: Float32Array | undefined }>;

/** What a pass in training mode returns. */
export interface GradientPass {
  /** Loss of the logits; the auxiliary head's is not in it. */
  readonly loss: number;
  /** Gradient of the training loss with respect to the learned parameters; the next pass overwrites the array. */
  readonly gradient: Float32Array;
  /** The gradient of the same loss with respect to the images, in a new array; undefined unless replaying. */
  readonly imageGradient: Float32Array | undefined;
  /** Running statistics after this batch, in a new array. */
  readonly statistics: Float32Array;
}

interface Sessions {
  readonly attack: AttackSession;
  readonly gradient: SessionOf<TrainingProgram>;
  readonly predict: SessionOf<PredictionProgram>;
}

/** Opens the attack program, which is written for 1/parts of the batch, as a session that takes the whole batch. */
export type OpenAttack = (program: AttackProgram, engine: SessionOptions) => Promise<AttackSession>;

/** Passes over the parameters of a state. No pass changes the state. */
export class TrainingNetwork {
  /** Labels per image: pixels, or 1 for a classifier. */
  readonly labels: number;
  /** Whether the attack's passes return the parameters' gradient. */
  readonly accumulating: boolean;
  readonly #options: NetworkOptions;
  readonly #training: BuiltArchitecture;
  readonly #layouts: ParameterLayouts;
  /** Names of the parameters that the network has in inference mode. */
  readonly #inferred: ReadonlySet<string>;
  readonly #sessions: Sessions;
  readonly #gradient: Float32Array;

  private constructor(
    options: NetworkOptions,
    { training, layouts }: NetworkBuilds,
    inference: TrainableNetwork,
    sessions: Sessions,
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
  }

  static async open(
    options: NetworkOptions,
    builds: NetworkBuilds,
    engine: SessionOptions = {},
    openAttack: OpenAttack = openWhole,
  ): Promise<TrainingNetwork> {
    const { loss = losses.ce, climbed, rules, accumulating, replaying } = options;
    const target = targetOf(engine.device);
    const inference = await traceNetwork(builds.inference, rules);
    const attacked =
      builds.attacked === builds.inference ? inference : await traceNetwork(builds.attacked, rules);
    const training = await traceNetwork(builds.training, rules);
    const { recompute = "none" } = options;
    // What is common is merged already, save what is made again on purpose.
    const repeating = { ...engine, mergeCommon: false };
    const gradient = trainingProgram(training, loss, target, replaying);
    const attack = attackProgram(attacked, loss, target, accumulating, climbed);
    const sessions = {
      gradient: await openProgram(await recomputing(gradient, forwardPart, recompute), repeating),
      predict: await openProgram(predictionProgram(inference, target), engine),
      // Last: its threads would outlive a failure of the others, and keep the process alive.
      attack: await openAttack(await recomputing(attack, forwardPart, recompute), repeating),
    };
    return new TrainingNetwork(options, builds, inference, sessions);
  }

  /** Begins an attack with the parameters of a state. The pass is valid until another attack begins. */
  async beginAttack(state: TrainingState): Promise<AttackPass> {
    await this.#sessions.attack.keep(this.#inferenceParameters(state));
    return (batch, clean, step) => this.#attackStep(batch, clean, step);
  }

  async #attackStep(
    { images, labels }: Batch,
    clean: Float32Array,
    { radius, stepSize, balance = 0 }: AttackStep,
  ): ReturnType<AttackPass> {
    const { accumulating } = this;
    const { attacked } = this.#options;
    const next = new Float32Array(images.length);
    const loss = new Float32Array(1);
    const feeds = {
      image: this.#imageTensor(images, attacked),
      clean: this.#imageTensor(clean, attacked),
      labels: this.#labelTensor(labels, attacked),
      radius: float32([1, 1], [radius]),
      stepSize: float32([1, 1], [stepSize]),
      balance: float32([1, 1, 1], [balance]),
    };
    // The attack gives no gradient for parameters that only training mode reads (an auxiliary head's).
    if (accumulating) this.#gradient.fill(0);
    await this.#sessions.attack.fill(feeds, {
      next: this.#imageTensor(next, attacked),
      loss: float32([], loss),
      ...(accumulating && this.#inferenceTensors(this.#gradientViews(), "grad/")),
    });
    return { next, loss: loss[0]!, gradient: accumulating ? this.#gradient : undefined };
  }

  /** @param pass number of the pass since the training began: with the seed it decides the random masks */
  async gradient(state: TrainingState, batch: Batch, pass: number): Promise<GradientPass> {
    const { batchSize, replaying = false } = this.#options;
    const loss = new Float32Array(1);
    const imageGradient = replaying ? new Float32Array(batch.images.length) : undefined;
    const statistics = new Float32Array(state.statistics.length);
    const feeds = {
      image: this.#imageTensor(batch.images, batchSize),
      labels: this.#labelTensor(batch.labels, batchSize),
    };
    const parameters = {
      ...viewsOf(this.#layouts.learned, state.parameters),
      ...viewsOf(this.#layouts.statistics, state.statistics),
      ...this.#randomMasks(pass),
    };
    const filled = {
      loss: float32([], loss),
      ...this.#gradientViews(),
      ...(imageGradient && { "grad/image": this.#imageTensor(imageGradient, batchSize) }),
      ...viewsOf(this.#layouts.statistics, statistics, "next/"),
    };
    await this.#sessions.gradient.fill(feeds, filled, parameters);
    return { loss: loss[0]!, gradient: this.#gradient, imageGradient, statistics };
  }

  /** The predicted class of each pixel of each image. */
  async predict(state: TrainingState, images: Float32Array): Promise<ArrayLike<number>> {
    const image = this.#imageTensor(images, this.#options.attacked);
    const { classes } = await this.#sessions.predict.run({ image }, this.#inferenceParameters(state));
    return classes.data;
  }

  async dispose(): Promise<void> {
    for (const session of Object.values(this.#sessions)) await session.dispose();
  }

  #inferenceParameters(state: TrainingState): Record<string, Tensor> {
    return this.#inferenceTensors({
      ...viewsOf(this.#layouts.learned, state.parameters),
      ...viewsOf(this.#layouts.statistics, state.statistics),
    });
  }

  /** The tensors of parameters that the network has in inference mode; their names follow a prefix. */
  #inferenceTensors(tensors: Tensors, prefix = ""): Record<string, Tensor> {
    const inferred = ([name]: readonly [string, Tensor]) => this.#inferred.has(name.slice(prefix.length));
    return Object.fromEntries(Object.entries(tensors).filter(inferred));
  }

  #gradientViews(): Record<string, Tensor> {
    return viewsOf(this.#layouts.learned, this.#gradient, "grad/");
  }

  #imageTensor(data: Float32Array, images: number): Tensor<"float32"> {
    const { channels = 3, size } = this.#options;
    return float32([images, channels, ...size], data);
  }

  #labelTensor(data: BigInt64Array, images: number): Tensor<"int64"> {
    return { type: "int64", dims: [images, this.labels], data };
  }

  /** Each element is 1/keep with probability keep, else 0. */
  #randomMasks(pass: number): Record<string, Tensor> {
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

/** Where the forward part of a program of training begins and ends. */
const forwardPart = { image: "image", losses: ["loss", "auxiliary loss"] };

/** The attack session of a batch that is not divided. */
async function openWhole(program: AttackProgram, engine: SessionOptions): Promise<AttackSession> {
  const session = await openProgram(program, engine);
  let kept: Tensors = {};
  return {
    async keep(parameters) {
      kept = parameters;
    },
    fill: (feeds, filled) => session.fill(feeds, filled, kept),
    dispose: () => session.dispose(),
  };
}
