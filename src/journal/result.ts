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
  /**
   * The strict worst case without this attack and its repeats with other seeds; absent where there is no other attack,
   * and of a repeat.
   */
  without: z.object({ aAcc: fraction, mIoU: fraction }).optional(),
});

const interval = z.tuple([fraction, fraction]).readonly();

/** A figure of the single seeds. */
const seedFigureSchema = z.object({
  mean: fraction,
  /** Standard deviation over seeds, with n − 1 in the denominator. */
  deviation: fraction,
  standardError: fraction,
  /** 95 % t-interval for the mean of all seeds. */
  interval,
});

/** How far the strict worst case at a radius may be off, in two ways that have nothing to do with each other. */
const uncertaintySchema = z.object({
  eps: z.string(),
  /** For other images of the same kind, the attacks and their starts standing; absent for a single image. */
  images: z
    .object({
      /** Standard error and 95 % t-interval of the mean over images. */
      aAcc: z.object({ standardError: fraction, interval }),
      /** 95 % percentile bootstrap over images. */
      mIoU: z.object({ interval }),
    })
    .optional(),
  /** With other starts, the images standing; absent for a run of one seed. */
  seeds: z
    .object({
      /** The strict worst case over the attacks of each seed alone. */
      single: z.array(z.object({ seed: z.int(), aAcc: fraction, mIoU: fraction })).readonly(),
      aAcc: seedFigureSchema,
      mIoU: seedFigureSchema,
      /** Mean over images of the standard deviation over seeds of the image's lowest accuracy. */
      imageDeviation: fraction,
    })
    .optional(),
});

/** The rounds of one seed at a radius, in a run with an adaptive budget. */
const roundsSchema = z.object({
  eps: z.string(),
  seed: z.int(),
  /** The number of rounds in which an image took a step. */
  rounds: count,
  /** By how much the last of them lowered the worst case. */
  gain: z.object({ aAcc: z.number(), mIoU: z.number() }),
  /** `gain`: the last round lowered both figures by less than `leastGain`; `steps`: no more rounds were allowed. */
  ended: z.enum(["gain", "steps"]),
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
  /** For each radius; absent from results of versions that did not say it. */
  uncertainty: z.array(uncertaintySchema).optional(),
  /** For each radius and seed of a run with an adaptive budget; absent from the result of a shard. */
  rounds: z.array(roundsSchema).optional(),
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
export type Uncertainty = z.infer<typeof uncertaintySchema>;
export type GateOutcome = z.infer<typeof gateOutcomeSchema>;
export type Result = z.infer<typeof resultSchema>;
