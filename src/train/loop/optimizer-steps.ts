/** Steps of the optimizer, which overwrite a state's vectors piece by piece. */
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
 * Elements that are updated at once: few enough that what the engine computes on the way is small and stays near the
 * processor, and many enough that starting a run costs nothing beside it.
 */
const pieceLength = 2 ** 18;

/**
 * An optimizer's sessions. Vectors are overwritten in place: every element of the next one depends on the same element
 * of the present ones alone, and the engine writes it after all of them are read.
 */
export class OptimizerSteps {
  readonly #options: OptimizerStepOptions;
  readonly #groups: readonly GroupRange[];
  readonly #sessions: Sessions;
  /** The update at which vectors of parameters stand. A state of the same vector and an earlier update is spent. */
  readonly #updates = new WeakMap<Float32Array, number>();

  private constructor(options: OptimizerStepOptions, groups: readonly GroupRange[], sessions: Sessions) {
    this.#options = options;
    this.#groups = groups;
    this.#sessions = sessions;
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
    return new OptimizerSteps(options, groups, sessions);
  }

  /**
   * One step along the gradient divided by `passes`, the number of batches whose gradients it sums.
   * @param state spent: the next state has its vectors, with other content
   * @throws Error `internal` for a state that is spent
   */
  async step(
    state: TrainingState,
    gradient: Float32Array,
    learningRate: number,
    passes = 1,
  ): Promise<OptimizerStep> {
    const { clip = Number.POSITIVE_INFINITY, weightDecay, betas, averageDecay } = this.#options;
    const { parameters, moments, average } = state;
    const stands = this.#updates.get(parameters) ?? state.step;
    invariant(stands === state.step, "a training state is updated once; this one is spent");
    this.#updates.set(parameters, state.step + 1);
    const gradientNorm = (await this.#norm(gradient)) / passes;
    const gradientScale = Math.min(1, clip / (gradientNorm + 1e-6)) / passes;
    for (const group of this.#groups) {
      await this.#update([parameters, ...moments], gradient, group, {
        learningRate: learningRate * group.multiplier,
        weightDecay: group.decays ? weightDecay : 0,
        gradientScale,
        ...corrections(state.step + 1, betas),
      });
    }
    if (average && averageDecay !== undefined)
      await this.combine(averageDecay, average, 1 - averageDecay, parameters);
    return { parameters, moments, average, gradientNorm };
  }

  /** x ← a·x + b·y. */
  async combine(a: number, x: Float32Array, b: number, y: Float32Array): Promise<void> {
    for (const [start, end] of pieces(0, x.length)) {
      const next = x.subarray(start, end);
      const feeds = { ...vectorTensors({ x: next, y: y.subarray(start, end) }), a: scalar(a), b: scalar(b) };
      await this.#sessions.combination.run(feeds, vectorTensors({ next }));
    }
  }

  async dispose(): Promise<void> {
    for (const session of Object.values(this.#sessions)) await session.dispose();
  }

  async #norm(gradient: Float32Array): Promise<number> {
    const { norm } = await this.#sessions.norm.run(vectorTensors({ gradient }));
    return (norm!.data as Float32Array)[0]!;
  }

  async #update(
    vectors: StateVectors,
    gradient: Float32Array,
    group: GroupRange,
    scalars: StepScalars,
  ): Promise<void> {
    const names = ["parameters", ...optimizers[this.#options.optimizer].moments];
    const numbers = Object.entries(scalars).map(([name, value]) => [name, scalar(value)] as const);
    for (const [start, end] of pieces(group.start, group.end)) {
      const held = vectors.map((vector, i) => [names[i]!, vector.subarray(start, end)] as const);
      const feeds = vectorTensors({ gradient: gradient.subarray(start, end), ...Object.fromEntries(held) });
      const next = held.map(([name, piece]) => [`next/${name}`, piece] as const);
      await this.#sessions.update.run(
        { ...feeds, ...Object.fromEntries(numbers) },
        vectorTensors(Object.fromEntries(next)),
      );
    }
  }
}

/** A range cut into pieces of `pieceLength`, the last one shorter. */
function* pieces(from: number, to: number): Generator<readonly [start: number, end: number]> {
  for (let start = from; start < to; start += pieceLength) yield [start, Math.min(to, start + pieceLength)];
}

const scalar = (value: number) => float32([], [value]);

function vectorTensors(vectors: Vectors): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(vectors).map(([name, vector]) => [name, float32([vector.length], vector)]),
  );
}
