/** Steps of the optimizer: from a state's vectors and a gradient to the next vectors. */
import { float32, invariant, type Tensor } from "../../base/index.js";
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
import type { GroupRange, TrainingState } from "../state/state.js";

export interface OptimizerStepOptions extends OptimizerOptions {
  readonly optimizer: OptimizerName;
  readonly weightDecay: number;
  /** Largest Euclidean length of the gradient; a longer gradient is scaled down to it. Default: no limit. */
  readonly clip?: number;
  /** Decay per update of the average of the parameters; default: no average. */
  readonly averageDecay?: number;
}

type Sessions = Readonly<Record<"update" | "norm" | "combination", Session>>;
type Vectors = Readonly<Record<string, Float32Array>>;

/** Parameters, then the optimizer's moments. */
type StateVectors = readonly Float32Array[];

/** The part of a state that the optimizer makes, and the length of the gradient before clipping. */
export interface OptimizerStep extends Pick<TrainingState, "parameters" | "moments" | "average"> {
  readonly gradientNorm: number;
}

/**
 * Opens an optimizer's sessions. A step writes into spare vectors; the vectors of the state that it read become the
 * spare ones of the step after. So nothing is allocated while training.
 */
export class OptimizerSteps {
  readonly #options: OptimizerStepOptions;
  readonly #groups: readonly GroupRange[];
  readonly #sessions: Sessions;
  /** States that were updated. Their arrays return with later states, so the arrays alone do not tell. */
  readonly #spent = new WeakSet<TrainingState>();
  #spare: StateVectors;

  private constructor(
    options: OptimizerStepOptions,
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
    options: OptimizerStepOptions,
    groups: readonly GroupRange[],
    engine: SessionOptions = {},
  ): Promise<OptimizerSteps> {
    const sessions = {
      update: await openSession(updateGraph(options.optimizer, options), engine),
      norm: await openSession(normGraph(), engine),
      combination: await openSession(combinationGraph(), engine),
    };
    return new OptimizerSteps(options, groups, groups.at(-1)?.end ?? 0, sessions);
  }

  /**
   * One step along the gradient divided by `passes`, the number of batches whose gradients it sums.
   * @param state not changed, but spent: the step after this one overwrites its parameters and moments
   * @throws Error `internal` for a state that is spent
   */
  async step(
    state: TrainingState,
    gradient: Float32Array,
    learningRate: number,
    passes = 1,
  ): Promise<OptimizerStep> {
    const { clip = Number.POSITIVE_INFINITY, weightDecay, betas } = this.#options;
    const [held, next] = [[state.parameters, ...state.moments], this.#spare];
    const spent = this.#spent.has(state) || next.includes(state.parameters);
    invariant(!spent, "a training state is updated once; this one is spent");
    const gradientNorm = (await this.#norm(gradient)) / passes;
    const gradientScale = Math.min(1, clip / (gradientNorm + 1e-6)) / passes;
    for (const group of this.#groups) {
      await this.#update(held, next, gradient, group, {
        learningRate: learningRate * group.multiplier,
        weightDecay: group.decays ? weightDecay : 0,
        gradientScale,
        ...corrections(state.step + 1, betas),
      });
    }
    this.#spent.add(state);
    this.#spare = held;
    const [parameters, ...moments] = next as [Float32Array, ...Float32Array[]];
    return { parameters, moments, average: await this.#nextAverage(state.average, parameters), gradientNorm };
  }

  /** a·x + b·y, in a new vector. */
  async combine(a: number, x: Float32Array, b: number, y: Float32Array): Promise<Float32Array> {
    const next = new Float32Array(x.length);
    const feeds = { ...vectorTensors({ x, y }), a: scalar(a), b: scalar(b) };
    await this.#sessions.combination.run(feeds, vectorTensors({ next }));
    return next;
  }

  async dispose(): Promise<void> {
    for (const session of Object.values(this.#sessions)) await session.dispose();
  }

  async #nextAverage(average: Float32Array | undefined, parameters: Float32Array) {
    const { averageDecay: decay } = this.#options;
    if (average === undefined || decay === undefined) return average;
    return this.combine(decay, average, 1 - decay, parameters);
  }

  async #norm(gradient: Float32Array): Promise<number> {
    const { norm } = await this.#sessions.norm.run(vectorTensors({ gradient }));
    return (norm!.data as Float32Array)[0]!;
  }

  async #update(
    held: StateVectors,
    next: StateVectors,
    gradient: Float32Array,
    { start, end }: GroupRange,
    scalars: StepScalars,
  ): Promise<void> {
    const names = ["parameters", ...optimizers[this.#options.optimizer].moments];
    const part = (vector: Float32Array) => vector.subarray(start, end);
    const parts = (vectors: StateVectors, prefix: string) =>
      Object.fromEntries(names.map((name, i) => [`${prefix}${name}`, part(vectors[i]!)]));
    const numbers = Object.entries(scalars).map(([name, value]) => [name, scalar(value)] as const);
    await this.#sessions.update.run(
      {
        ...vectorTensors({ gradient: part(gradient), ...parts(held, "") }),
        ...Object.fromEntries(numbers),
      },
      vectorTensors(parts(next, "next/")),
    );
  }
}

const scalar = (value: number) => float32([], [value]);

function vectorTensors(vectors: Vectors): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(vectors).map(([name, vector]) => [name, float32([vector.length], vector)]),
  );
}
