/** Steps of the optimizer over a training's vectors. */
import { float32, type Tensor } from "../../base/index.js";
import { openSession, type Session, type SessionOptions } from "../../runtime/index.js";
import {
  combinationGraph,
  corrections,
  normGraph,
  type OptimizerName,
  type OptimizerOptions,
  optimizers,
  type StepScalars,
  updateGraph,
} from "../graphs/optimizers.js";
import type { GroupRange, TrainingState } from "../state/parameters.js";

export interface UpdateOptions extends OptimizerOptions {
  readonly optimizer: OptimizerName;
  readonly weightDecay: number;
  /** Largest Euclidean length of the gradient; longer ones are shortened to it. */
  readonly clip?: number;
  /** Decay per step of the average of the parameters. */
  readonly averageDecay?: number;
}

type Sessions = Readonly<Record<"update" | "norm" | "combination", Session>>;
type Vectors = Readonly<Record<string, Float32Array>>;

/** Updates the parameters of a state; spare vectors take turns with those in use, so that nothing is allocated. */
export class Updater {
  readonly #options: UpdateOptions;
  readonly #groups: readonly GroupRange[];
  readonly #sessions: Sessions;
  #spare: Float32Array[];

  private constructor(
    options: UpdateOptions,
    groups: readonly GroupRange[],
    length: number,
    sessions: Sessions,
  ) {
    this.#options = options;
    this.#groups = groups;
    this.#sessions = sessions;
    const vectors = 1 + optimizers[options.optimizer].moments.length;
    this.#spare = Array.from({ length: vectors }, () => new Float32Array(length));
  }

  static async open(
    options: UpdateOptions,
    groups: readonly GroupRange[],
    engine: SessionOptions = {},
  ): Promise<Updater> {
    const sessions = {
      update: await openSession(updateGraph(options.optimizer, options), engine),
      norm: await openSession(normGraph(), engine),
      combination: await openSession(combinationGraph(), engine),
    };
    return new Updater(options, groups, groups.at(-1)?.end ?? 0, sessions);
  }

  /**
   * One step along the gradient divided by `passes`, the number of batches it is the sum of.
   * @returns the length of the gradient before clipping
   */
  async step(
    state: TrainingState,
    gradient: Float32Array,
    learningRate: number,
    passes = 1,
  ): Promise<number> {
    const { clip = Number.POSITIVE_INFINITY, weightDecay, betas, averageDecay } = this.#options;
    const norm = (await this.#norm(gradient)) / passes;
    const gradientScale = Math.min(1, clip / (norm + 1e-6)) / passes;
    for (const group of this.#groups) {
      await this.#update(state, gradient, group, {
        learningRate: learningRate * group.multiplier,
        weightDecay: group.decays ? weightDecay : 0,
        gradientScale,
        ...corrections(state.step + 1, betas),
      });
    }
    const used = [state.parameters, ...state.moments];
    [state.parameters, ...state.moments] = this.#spare as [Float32Array, ...Float32Array[]];
    this.#spare = used;
    state.step++;
    if (state.average && averageDecay !== undefined) {
      state.average = await this.combine(averageDecay, state.average, 1 - averageDecay, state.parameters);
    }
    return norm;
  }

  /** a·x + b·y. */
  async combine(a: number, x: Float32Array, b: number, y: Float32Array): Promise<Float32Array> {
    const next = new Float32Array(x.length);
    const feeds = { ...vectorTensors({ x, y }), a: scalar(a), b: scalar(b) };
    await this.#sessions.combination.run(feeds, vectorTensors({ next }));
    return next;
  }

  async dispose(): Promise<void> {
    for (const session of Object.values(this.#sessions)) await session.dispose();
  }

  async #norm(gradient: Float32Array): Promise<number> {
    const { norm } = await this.#sessions.norm.run(vectorTensors({ gradient }));
    return (norm!.data as Float32Array)[0]!;
  }

  async #update(
    state: TrainingState,
    gradient: Float32Array,
    { start, end }: GroupRange,
    scalars: StepScalars,
  ): Promise<void> {
    const { moments } = optimizers[this.#options.optimizer];
    const names = ["parameters", ...moments];
    const part = (vector: Float32Array) => vector.subarray(start, end);
    const held = [state.parameters, ...state.moments];
    const feeds = {
      gradient: part(gradient),
      ...Object.fromEntries(names.map((name, i) => [name, part(held[i]!)])),
    };
    const next = Object.fromEntries(names.map((name, i) => [`next/${name}`, part(this.#spare[i]!)]));
    const numbers = Object.entries(scalars).map(([name, value]) => [name, scalar(value)] as const);
    await this.#sessions.update.run(
      { ...vectorTensors(feeds), ...Object.fromEntries(numbers) },
      vectorTensors(next),
    );
  }
}

const scalar = (value: number) => float32([], [value]);

function vectorTensors(vectors: Vectors): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(vectors).map(([name, vector]) => [name, float32([vector.length], vector)]),
  );
}
