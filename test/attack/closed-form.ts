/** Oracles whose best perturbation is known in closed form; their steps run the real fragments. */
import { float32, sizeOf, type Tensor } from "../../src/base/index.js";
import { stepProgram } from "../../src/compile/index.js";
import type { Cost, ImageOracle, OracleAnswer, Query, StepFragment } from "../../src/oracle/index.js";
import { openSession, type Session } from "../../src/runtime/index.js";

export interface Objective {
  value(point: Float32Array): number;
  gradient(point: Float32Array): Float32Array;
}

/** ⟨w, x⟩: under ℓ∞ the best δ is ε·sign(w), under ℓ2 it is ε·w/‖w‖. */
export function linear(weights: Float32Array): Objective {
  return {
    value: (x) => x.reduce((sum, value, i) => sum + weights[i]! * value, 0),
    gradient: () => weights,
  };
}

/** −½‖x − c‖²: the best point of a ball around x₀ is the one nearest to c. */
export function quadratic(centre: Float32Array): Objective {
  return {
    value: (x) => -0.5 * x.reduce((sum, value, i) => sum + (value - centre[i]!) ** 2, 0),
    gradient: (x) => x.map((value, i) => centre[i]! - value),
  };
}

/** Counts what an attack asks for; its score falls as the objective rises. */
export class ClosedForm implements ImageOracle {
  readonly image: Float32Array;
  readonly labels = new Int32Array(1);
  readonly channels = 3;
  readonly height: number;
  readonly width: number;
  readonly cost: Cost = { forward: 0, backward: 0, seconds: 0 };
  readonly points: Float32Array[] = [];
  readonly #objective: Objective;
  readonly #sessions = new Map<string, Promise<Session>>();
  readonly #offset: number;

  constructor(image: Float32Array, objective: Objective, offset = 1e3, height = 1) {
    this.image = image;
    this.height = height;
    this.width = image.length / (3 * height);
    this.#objective = objective;
    this.#offset = offset;
  }

  score(point: Float32Array): number {
    return Math.max(0, this.#offset - this.#objective.value(point));
  }

  async evaluate(point: Float32Array, _query: Query): Promise<OracleAnswer> {
    this.cost.forward++;
    this.cost.backward++;
    this.points.push(point);
    const value = this.#objective.value(point);
    const score = this.score(point);
    return {
      objective: value,
      tracked: value,
      correct: score,
      score,
      gradient: this.#objective.gradient(point),
    };
  }

  async predict(point: Float32Array) {
    this.cost.forward++;
    this.points.push(point);
    return { classes: [0], correct: this.score(point), undecided: 0, score: this.score(point) };
  }

  async step<T extends string, S extends string>(
    step: StepFragment<T, S>,
    tensors: Readonly<Record<T, Float32Array>>,
    scalars: Readonly<Record<S, number>>,
  ): Promise<Float32Array> {
    const features = this.image.length;
    const open = () => openSession(stepProgram(step, features, "cpu").graph, { threads: 1 });
    const session = await (this.#sessions.get(step.name) ?? open());
    this.#sessions.set(step.name, Promise.resolve(session));
    const feeds: Record<string, Tensor> = {};
    for (const name of step.tensors) feeds[name] = float32([1, sizeOf([features])], tensors[name]);
    for (const name of step.scalars) feeds[name] = float32([1, 1], [scalars[name]]);
    const { next } = await session.run(feeds);
    return next!.data as Float32Array;
  }
}
