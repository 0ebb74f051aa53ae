/** The course of an attack, seen from outside: what the oracle was asked, and what it answered. */
import type { ImageOracle } from "../../oracle/index.js";
import { oracleAround } from "./around.js";

/** One pass through the model, at a point that the attack tried. */
export interface TracedPass {
  /** Gradient steps before it. */
  readonly step: number;
  /** Radius of the ball that the point was brought into, in [0, 1] image units. */
  readonly radius: number;
  /** Size of the gradient step that led to the point; null if none did. */
  readonly stepSize: number | null;
  /** The loss that the attack climbs, and the one that controls its step size; null where none was asked for. */
  readonly objective: number | null;
  readonly tracked: number | null;
  /** Right pixels. */
  readonly correct: number;
}

export interface AttackTrace {
  readonly passes: readonly TracedPass[];
  /** Predictions at some of the passes, by their position in `passes`. */
  readonly maps: readonly { readonly pass: number; readonly classes: ArrayLike<number> }[];
}

/** Predictions that are kept of an attack. */
const mostMaps = 12;

/** A pass while the attack goes on. */
export interface Watched {
  readonly pass: TracedPass;
  readonly point: Float32Array;
  /** The prediction at the point, made where it costs the attacked image nothing. */
  classes(): Promise<ArrayLike<number>>;
}

export interface TraceOptions {
  /** Passes that the attack makes at most; the predictions kept are spread evenly over them. */
  readonly passes: number;
  readonly radius: number;
  /** The prediction at a point, made where it costs the attacked image nothing. */
  classesAt(point: Float32Array): Promise<ArrayLike<number>>;
  /** Called after each pass; the attack waits for it. */
  readonly onPass?: ((watched: Watched) => Promise<void>) | undefined;
}

/** An oracle that answers as the given one and writes down what it is asked. */
export function tracedOracle(
  oracle: ImageOracle,
  { passes: most, radius: firstRadius, classesAt, onPass }: TraceOptions,
): { readonly oracle: ImageOracle; readonly trace: AttackTrace } {
  const passes: TracedPass[] = [];
  const maps: { pass: number; classes: ArrayLike<number> }[] = [];
  const between = Math.max(1, Math.ceil(most / mostMaps));
  let at: Pick<TracedPass, "step" | "radius" | "stepSize"> = { step: 0, radius: firstRadius, stepSize: null };

  const note = async (
    answer: Pick<TracedPass, "objective" | "tracked" | "correct">,
    point: Float32Array,
    classes: () => Promise<ArrayLike<number>>,
  ) => {
    if (passes.length % between === 0) maps.push({ pass: passes.length, classes: await classes() });
    const { objective, tracked, correct } = answer;
    const pass = { ...at, objective: finite(objective), tracked: finite(tracked), correct };
    passes.push(pass);
    at = { ...at, stepSize: null };
    await onPass?.({ pass, point, classes });
  };
  const watched = oracleAround(oracle, {
    async evaluate(point, query) {
      const answer = await oracle.evaluate(point, query);
      await note(answer, point, () => classesAt(point));
      return answer;
    },
    async predict(point, query) {
      const answer = await oracle.predict(point, query);
      const { correct, classes } = answer;
      await note({ correct, objective: null, tracked: null }, point, async () => Int32Array.from(classes));
      return answer;
    },
    step(step, tensors, scalars) {
      at = after(at, scalars);
      return oracle.step(step, tensors, scalars);
    },
  });
  return { oracle: watched, trace: { passes, maps } };
}

type Moved = Pick<TracedPass, "step" | "radius" | "stepSize">;

/** A move with a step size is a gradient step; any other only brings a point into its ball. */
function after(at: Moved, scalars: Readonly<Record<string, number>>): Moved {
  const { radius = at.radius, stepSize } = scalars;
  return stepSize === undefined ? { ...at, radius } : { step: at.step + 1, radius, stepSize };
}

/** JSON has no infinities. */
function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
