/** What an attack is: a value with a name and a function from an image to the point it kept. */
import { type RandomStream, SeawallError } from "../base/index.js";
import type { Loss, SetCounts } from "../loss/index.js";
import type { ImageOracle } from "../oracle/index.js";
import type { Norm } from "./optimizer/steps.js";

/** Correct accounting, or that of the published code (docs/protocols.md lists the differences). */
export type Accounting = "strict" | "authors";

/** 2ε, 1.5ε and ε in 3:3:4 of the steps, or ε throughout. */
export type RadiusSchedule = "reduce" | "constant";

export interface AttackSettings {
  /** ε: the radius of the ball, in [0, 1] image units. */
  readonly radius: number;
  /** Iterations in all. */
  readonly steps: number;
  readonly norm: Norm;
  readonly accounting: Accounting;
}

/** The point an attack returns for an image. */
export interface KeptPoint {
  /** C·H·W floats in [0, 1]. */
  readonly point: Float32Array;
  /** The step after which it was found; 0 for the start point. */
  readonly step: number;
  /** Right pixels that it lost over the last fifth of the steps; negative if it gained some. */
  readonly late?: number;
}

/** What the attacks before it have found, for an attack that goes on from there. */
export interface Earlier {
  /** The best point of the image that one of them kept: C·H·W floats in [0, 1]. */
  readonly best: Float32Array;
  /** Counts of the whole set, with each image's best point; present where the attack's losses read them. */
  readonly set?: SetCounts;
}

export interface Attack {
  /** As users and records call it; at most 200 characters. */
  readonly name: string;
  /** How it uses the radius over its steps; default `constant`. */
  readonly radiusSchedule?: RadiusSchedule;
  /** The number of its steps, for an attack that takes as many whatever it is asked for. */
  readonly fixedSteps?: number;
  /** False for an attack that asks for no gradient. */
  readonly usesGradients?: false;
  /** Its gradients are those of another model; default: of the model under attack. */
  readonly gradientsOf?: "surrogate";
  /** It goes on from the best point that attacks before it kept (`mayGoOnFrom`), instead of starting at random. */
  readonly continues?: boolean;
  /** The losses that it asks for. */
  readonly losses: readonly Loss[];
  /** Forward passes at most, for planning. */
  passes(steps: number): number;
  /** @param earlier given if the attack `continues` */
  run(
    oracle: ImageOracle,
    settings: AttackSettings,
    random: RandomStream,
    earlier?: Earlier,
  ): Promise<KeptPoint>;
}

/**
 * Whether an attack that continues may read what another one kept. One that does not follow the model's own gradient goes
 * on from transferred attacks alone, so that nothing of that gradient reaches it.
 */
export function mayGoOnFrom(own: Attack, earlier: Attack): boolean {
  return followsOwnGradient(own) || earlier.gradientsOf === "surrogate";
}

export const followsOwnGradient = ({ usesGradients, gradientsOf }: Attack) =>
  usesGradients !== false && gradientsOf === undefined;

/** Whether it aims at the mIoU of the whole set, so that all images must have met the attacks before it. */
export const aimsAtSet = ({ losses }: Attack) => losses.some((loss) => loss.needsSetValues);

/** A copy that keeps the prototype, so that an attack may be an instance of a class. */
export function renamed(attack: Attack, name: string, changes: Partial<Attack> = {}): Attack {
  return Object.assign(Object.create(Object.getPrototypeOf(attack)), attack, { name, ...changes });
}

/** A point drawn uniformly from the ball (ℓ∞) or its surface (ℓ2), before it is cut to [0, 1]. */
export function randomPoint(
  image: Float32Array,
  { norm, radius }: Pick<AttackSettings, "norm" | "radius">,
  random: RandomStream,
): Float32Array {
  if (norm === "linf") return add(image, random.uniform(image.length, -radius, radius));
  const direction = random.normal(image.length);
  const length = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0));
  return add(
    image,
    direction.map((value) => (value / length) * radius),
  );
}

/**
 * What a kept point lost over the last fifth of the steps; 0 where nothing is left to lose.
 * @param history right pixels of the kept point after each step of the last stage, its start before them
 */
export function lostLate(history: readonly number[], steps: number): number {
  const last = history.at(-1)!;
  return last === 0 ? 0 : (history.at(-1 - Math.ceil(steps / 5)) ?? history[0]!) - last;
}

/** For attacks that exist in one norm. @throws SeawallError `config` for another one */
export function requireLinf({ name }: Pick<Attack, "name">, { norm }: Pick<AttackSettings, "norm">): void {
  if (norm !== "linf")
    throw new SeawallError("config", `${name} is made for linf, not ${norm}; choose another attack`);
}

/** a + b, written into `b`. */
function add(a: Float32Array, b: Float32Array): Float32Array {
  // A loop: `map` takes as long again as drawing the numbers of a training batch.
  for (let i = 0; i < b.length; i++) b[i] = a[i]! + b[i]!;
  return b;
}
