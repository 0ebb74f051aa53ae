/** The shape of `result.json`: a run's figures, fractions in [0, 1]. */
import { z } from "zod";
import {
  count,
  labelsSource,
  modelSchema,
  otherVersion,
  protocolSchema,
  shardSchema,
  soundnessSchema,
} from "./description.js";

const fraction = z.number().min(0).max(1);
const perClass = z.array(fraction.nullable());

const figuresSchema = z.object({
  /** Mean over images of the share of labelled pixels that are right. */
  aAcc: fraction,
  /** The same share over the pixels of all images. */
  aAccPooled: fraction,
  /** Mean over the labelled classes of the share of their pixels that are right. */
  mAcc: fraction,
  /** Over the whole set, classes with an empty union left out. */
  mIoU: fraction,
  /** null where a class has an empty union. */
  perClassIoU: perClass,
  /** Mean over images of each image's own mIoU. */
  imageMIoU: fraction,
});

const worstSchema = z.object({
  /** Mean over images of the lowest accuracy of any attack. */
  aAcc: fraction,
  aAccPooled: fraction,
  /** The smallest that a search over per-image choices of attack finds. */
  mIoU: fraction,
  /** Lower bound over all choices among the attacks that were run; a stronger attack can go below it. */
  mIoULower: fraction,
  perClassIoU: perClass,
  imageMIoU: fraction,
});

/** Figures of one attack. */
const attackSchema = figuresSchema.extend({
  name: z.string(),
  /** The strict worst case of all other attacks; absent where there is no other. */
  without: z.object({ aAcc: fraction, mIoU: fraction }).optional(),
});

/** The outcome of a gate, a condition on a figure (`gates/`). */
const gateOutcomeSchema = z.object({
  /** The condition, without spaces. */
  gate: z.string(),
  /** The figure that was compared. */
  value: z.number(),
  passed: z.boolean(),
  /** Soundness checks that failed; absent if none did. The gate does not pass then, unless `despiteChecks`. */
  failedChecks: z.array(z.string()).optional(),
  /** The gate was judged although checks failed, as the user asked. */
  despiteChecks: z.literal(true).optional(),
  /** Images that the figure lacks, so that the gate does not pass; absent if the run is complete. */
  missingImages: count.optional(),
});

export const resultSchema = z.object({
  schemaVersion: z.literal(2, otherVersion),
  protocol: z.object(protocolSchema.shape),
  model: z.object(modelSchema.shape),
  data: z.object({
    spec: z.string(),
    /** Images that the figures are of. */
    images: count,
    /** Share of their pixels that count nowhere. */
    ignoredPixels: fraction,
    listSha256: z.string(),
    /** `self`: the clean prediction is the reference, and the figures are consistency. */
    labels: labelsSource,
    /** Images left out because the run is not complete; absent if it is. */
    missingImages: count.optional(),
  }),
  /** Absent unless the figures are of one shard. */
  shard: shardSchema.optional(),
  clean: figuresSchema,
  robust: z.array(
    z.object({
      eps: z.string(),
      worst: worstSchema,
      /** With the authors' accounting in `worst`: the correct one. */
      strict: worstSchema.optional(),
      attacks: z.array(attackSchema),
    }),
  ),
  /** All that was spent, on images left out too. */
  cost: z.object({ forward: count, backward: count, seconds: z.number().min(0) }),
  soundness: z.array(soundnessSchema),
  /** Gates that the run was made with, judged; absent if there are none. */
  gates: z.array(gateOutcomeSchema).optional(),
  /** Attacks of a shard that wait for the counts of others; the figures are without them. Never in a stored result. */
  waiting: z.array(z.string()).optional(),
});

export type Figures = z.infer<typeof figuresSchema>;
export type WorstFigures = z.infer<typeof worstSchema>;
export type GateOutcome = z.infer<typeof gateOutcomeSchema>;
export type Result = z.infer<typeof resultSchema>;
