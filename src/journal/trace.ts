/** A trace: the course of one attack on one image, as `traces/` holds it. */
import { z } from "zod";
import { cleanAttack, count, type RunDescription } from "./description.js";
import { slotOf } from "./record.js";

const steps = z.array(count).max(100_000).readonly();
const losses = z.array(z.number().nullable()).max(100_000).readonly();
const base64 = z
  .base64()
  .min(1)
  .max(2 ** 20);

export const traceSchema = z.strictObject({
  schemaVersion: z.literal(
    1,
    "this file was written by another version of Seawall; expected schemaVersion 1",
  ),
  /** As in the record of the same image, radius and attack. */
  image: z.string().min(1).max(4096),
  index: count,
  eps: z.string().min(1).max(200),
  attack: z.string().min(1).max(200),
  /** The step after which the kept point was found. */
  kept: count,
  /** Labelled pixels of the image. */
  valid: count,
  /** One entry a pass through the model in each of these lists. */
  passes: z.strictObject({
    /** Gradient steps before it. */
    step: steps,
    /** Radius at that time, in [0, 1] image units. */
    radius: z.array(z.number().min(0).max(2)).max(100_000).readonly(),
    /** Size of the gradient step that led there; null where none did. */
    stepSize: losses,
    /** The loss that is climbed, and the one that controls the step size; null where none was asked for. */
    objective: losses,
    tracked: losses,
    /** Right pixels. */
    correct: steps,
  }),
  /** Small pictures (WebP) of the prediction at some passes, by position in the lists. */
  maps: z.array(z.strictObject({ pass: count, picture: base64 })).max(100),
  /** The picture of the prediction at the kept point. */
  keptMap: base64,
});

export type StoredTrace = z.infer<typeof traceSchema>;

type PassLists = StoredTrace["passes"];

/** A pass of a trace. */
export type StoredPass = { readonly [list in keyof PassLists]: PassLists[list][number] };

/** The lists of a trace, from its passes. */
export function passLists(passes: readonly StoredPass[]): PassLists {
  const list = <K extends keyof PassLists>(name: K) => passes.map((pass) => pass[name]);
  return {
    step: list("step"),
    radius: list("radius"),
    stepSize: list("stepSize"),
    objective: list("objective"),
    tracked: list("tracked"),
    correct: list("correct"),
  };
}

/** Why a trace cannot belong to a run; undefined if it can. */
export function traceProblem(run: RunDescription, trace: StoredTrace): string | undefined {
  const { passes, maps, eps, attack, index } = trace;
  const length = passes.step.length;
  if (Object.values(passes).some((list) => list.length !== length))
    return "the lists of passes have different lengths";
  if (maps.some(({ pass }) => pass >= length)) return "a picture of a pass that is not there";
  if (index >= run.data.images) return `image ${index}; the run has images 0 to ${run.data.images - 1}`;
  if (attack === cleanAttack || slotOf(run, { eps, attack }) === undefined)
    return `the run has no attack "${attack}" at radius ${eps}`;
  return undefined;
}
