/** One line of the journal: what one attack at one radius did to one image. */
import { z } from "zod";
import { parseRadius } from "../base/index.js";
import { detailsProblem } from "../metric/index.js";
import { cleanAttack, cleanEps, count, inShard, type RunDescription } from "./description.js";

const seconds = z.number().min(0);
const perClass = z.array(count).max(65536).readonly();
const sparse = z
  .array(count)
  .max(2 ** 20)
  .readonly();

/** What checks of soundness need to know of an attacked image, beside its counts. */
const evidenceSchema = z.strictObject({
  /** Right pixels at one random point of the ball. */
  noise: count,
  /** Right pixels at the kept point rounded to 8-bit colours of the ball. */
  rounded: count.optional(),
  /** Share of the colour values of the kept point that lie on the edge of the ball, or are 0 or 1. */
  edge: z.number().min(0).max(1),
  /** Right pixels that the kept point lost over the last fifth of the steps. */
  late: z.int().optional(),
  /** Share of the first gradient's numbers that are zero, or so small that they are lost. */
  zeroGradient: z.number().min(0).max(1).optional(),
  /** Gradients with a number that is not finite. */
  notFinite: count.optional(),
});

export type Evidence = z.infer<typeof evidenceSchema>;

export const recordSchema = z
  .strictObject({
    /** Id of the image; unique in its data set. */
    image: z.string().min(1).max(4096),
    /** Its position in the list of all shards. */
    index: count,
    /** Hash of its content. */
    hash: z.string().min(1).max(200),
    /** Radius as written; "0" for the clean prediction. */
    eps: z.string().min(1).max(200),
    /** Attack; "clean" for the clean prediction. */
    attack: z.string().min(1).max(200),
    /** `correct` / `valid`; null where no pixel is labelled. */
    accuracy: z.number().min(0).max(1).nullable(),
    /** Pixels of the label map, ignored ones included. */
    pixels: count.max(2 ** 34),
    correct: count,
    valid: count,
    /** Labelled pixels with a NaN among their logits, which count as wrong; absent in runs made before there was this field. */
    undecided: count.optional(),
    intersection: perClass,
    union: perClass,
    labels: perClass,
    /** Passes through the model that this image took. */
    forward: count,
    backward: count,
    seconds,
    /** The step at which the kept point was found; 0 is the start. */
    step: count,
    /** Largest |δ| of the kept point, in [0, 1] image units. */
    maxDelta: seconds.max(1),
    /** Where it is wrong, as `countDetails` has it; absent in runs made before there was this field. */
    details: z.strictObject({ confusion: sparse, boundary: sparse, objects: sparse }).optional(),
    /** Steps that the image was given, in a round of a run with an adaptive budget; absent elsewhere. */
    steps: count.optional(),
    /** Absent at radius 0, and from journals older than the checks that read it. */
    evidence: evidenceSchema.optional(),
  })
  .superRefine((record, context) => {
    const message = countProblem(record);
    if (message) context.addIssue({ code: "custom", message });
  });

export type RunRecord = z.infer<typeof recordSchema>;

/** What a record is about; there is one record for each in a journal. */
export type RecordKey = Pick<RunRecord, "image" | "eps" | "attack">;

/** A record's key as text. */
export function keyOf({ image, eps, attack }: RecordKey): string {
  return JSON.stringify([image, eps, attack]);
}

/** Are the counts those of some prediction? Says what contradicts what. */
function countProblem(record: z.input<typeof recordSchema>): string | undefined {
  const { accuracy, pixels, correct, valid, intersection, union, labels } = record;
  const sum = (counts: readonly number[]) => counts.reduce((total, n) => total + n, 0);
  if (intersection.length !== labels.length || union.length !== labels.length)
    return "intersection, union and labels have different lengths";
  if (labels.some((n, s) => intersection[s]! > n || n > union[s]!))
    return "a class must have intersection ≤ labels ≤ union";
  if (sum(intersection) !== correct) return "intersection does not sum to correct";
  if (sum(labels) !== valid) return "labels do not sum to valid";
  if (sum(union) !== 2 * valid - correct) return "union does not sum to 2·valid − correct";
  const { noise = 0, rounded = 0, late = 0 } = record.evidence ?? {};
  if (Math.max(noise, rounded, Math.abs(late)) > valid)
    return "evidence has more right pixels than labelled ones";
  const { undecided = 0 } = record;
  if (undecided > valid - correct) return `${undecided} undecided of ${valid - correct} wrong pixels`;
  if (valid > pixels) return `${valid} labelled of ${pixels} pixels`;
  if (Math.abs((accuracy ?? 0) - (valid > 0 ? correct / valid : 0)) > 1e-9)
    return "accuracy is not correct / valid";
  if ((accuracy === null) !== (valid === 0)) return "accuracy is null exactly where no pixel is labelled";
  return record.details && detailsProblem(record, record.details);
}

/** Why a record cannot belong to a run; undefined if it can. */
export function recordProblem(run: RunDescription, record: RunRecord): string | undefined {
  const { index, eps, attack } = record;
  const { classes } = run.model;
  if (record.labels.length !== classes) return `${record.labels.length} classes; the run has ${classes}`;
  if (index >= run.data.images) return `image ${index}; the run has images 0 to ${run.data.images - 1}`;
  if (!inShard(index, run.shard)) return `image ${index} does not belong to the run's shard`;
  if (slotOf(run, record) === undefined) return `the run has no attack "${attack}" at radius ${eps}`;
  // Single precision near 1 has steps of 6e-8.
  if (record.maxDelta > parseRadius(eps).value + 1e-6) return `maxDelta ${record.maxDelta} is above ${eps}`;
  return undefined;
}

/** Number of records that each image of a run has: one clean, then one for each attack at each radius. */
export function slotsOf({ protocol }: RunDescription): number {
  return 1 + protocol.eps.length * protocol.members.length;
}

/** Position of a record among its image's: clean, then radius by radius, attack by attack; undefined if none. */
export function slotOf(
  { protocol }: RunDescription,
  { eps, attack }: Omit<RecordKey, "image">,
): number | undefined {
  if (attack === cleanAttack) return eps === cleanEps ? 0 : undefined;
  const radius = protocol.eps.indexOf(eps);
  const member = protocol.members.findIndex(({ name }) => name === attack);
  return radius < 0 || member < 0 ? undefined : 1 + radius * protocol.members.length + member;
}

/** What belongs in a slot. */
export function slotName({ protocol }: RunDescription, slot: number): Omit<RecordKey, "image"> {
  if (slot === 0) return { eps: cleanEps, attack: cleanAttack };
  const { eps, members } = protocol;
  return {
    eps: eps[Math.floor((slot - 1) / members.length)]!,
    attack: members[(slot - 1) % members.length]!.name,
  };
}
