/** What a training's folder says in JSON: its description, and the lines of its log. */
import { z } from "zod";
import { parseRadius } from "../../base/index.js";

const text = z.string().max(10_000);
const count = z.int().min(1);
const share = z.number().min(0).max(1);
const figures = z.object({ aAcc: share.nullable(), mIoU: share.nullable() });

/** Updates and epochs done, the epochs as a fraction. */
const place = { step: count, epoch: z.number().positive() };

/** A line of `log.jsonl`: an update, a validation, or the note that training ended before its last update. */
export const trainingLineSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("step"),
    ...place,
    loss: z.number(),
    /** Loss of the same images before the attack; null without an attack, and with replays. */
    cleanLoss: z.number().nullable(),
    gradientNorm: z.number(),
    learningRate: z.number(),
    imagesPerSecond: z.number().positive(),
  }),
  /** Accuracy and mIoU of the held-out images, clean and attacked. */
  z.object({ kind: z.literal("validation"), ...place, clean: figures, robust: figures }),
  /** `validations`: how many in a row did not raise the best accuracy. */
  z.object({ kind: z.literal("stopped"), ...place, validations: count }),
]);
export type TrainingLine = z.infer<typeof trainingLineSchema>;

function isRadius(value: string): boolean {
  try {
    return Number.isFinite(parseRadius(value).value);
  } catch {
    return false;
  }
}

/** The part of `training.json` that says what is trained. Settings that earlier versions lacked have a default. */
export const trainingDescriptionSchema = z.object({
  config: z.object({
    architecture: text,
    data: text,
    epochs: count,
    batchSize: count,
    accumulate: count,
    attack: text.default("pgd"),
    attackSteps: z.int().min(0),
    replay: count.optional(),
    eps: text.refine(isRadius, "no radius"),
  }),
  data: z.object({
    images: count,
    /** Number of classes; earlier versions do not say it. */
    classes: z.int().min(1).max(65_536).optional(),
    classNames: z.array(text).max(65_536).optional(),
  }),
});
export type TrainingDescription = z.infer<typeof trainingDescriptionSchema>;
