/** The settings of a training: names, types, defaults and help texts. */
import { z } from "zod";
import { messageOf, parseRadius } from "../../base/index.js";
import { recomputeLevels } from "../../compile/index.js";
import { dataFields, encodingFields } from "../../data/index.js";
import { type ArchitectureName, architectures } from "../../nn/index.js";
import { climbedLosses } from "../graphs/loss.js";
import { type OptimizerName, optimizers } from "../graphs/optimizers.js";

const text = z.string().min(1);
const count = z.int().min(1);
const share = z.number().min(0).max(1);
/** More are no training: an update would take hours. */
const mostAttackSteps = 1000;
const keysOf = <K extends string>(table: Readonly<Record<K, unknown>>) => Object.keys(table) as [K, ...K[]];

const radius = text.superRefine((value, context) => {
  try {
    parseRadius(value);
  } catch (error) {
    context.addIssue({ code: "custom", message: messageOf(error) });
  }
});

export const defaultRadius = "4/255";

/** Every setting of `seawall train` except `recipe`; the descriptions are the help texts of the flags. */
export const trainingSettings = z.strictObject({
  architecture: z
    .enum(keysOf<ArchitectureName>(architectures))
    .describe("architecture to train; seawall models lists them"),
  normalize: z
    .enum(["none", "imagenet"])
    .optional()
    .describe("normalization of the images inside the network; default: the architecture's own"),
  init: text
    .optional()
    .describe(
      "checkpoint to begin from: a whole network or a backbone; parameters that it lacks are drawn at random",
    ),
  data: dataFields.data,
  split: text.optional().describe("split of the data set; default: its training split"),
  limit: dataFields.limit,
  classes: dataFields.classes,
  ignoreLabel: dataFields.ignoreLabel,
  labelMap: dataFields.labelMap,
  palette: dataFields.palette,
  labelSuffix: dataFields.labelSuffix,
  channels: count.optional().describe("channels of the images; default: 3, which are RGB"),
  ...encodingFields,
  labelVariant: dataFields.labelVariant,
  crop: z
    .tuple([count, count])
    .readonly()
    .optional()
    .describe("size of the training crops, HxW; default: the architecture's"),
  baseSize: count
    .optional()
    .describe("length of the short side before random scaling; default: the crop's short side"),
  scale: z
    .tuple([z.number().positive(), z.number().positive()])
    .default([0.5, 2])
    .describe("smallest and largest factor of the random scaling"),
  flip: share.default(0.5).describe("probability of a horizontal flip"),
  blur: share.default(0.5).describe("probability of a Gaussian blur with a radius in [0,1]"),
  padLabel: z
    .int()
    .min(-1)
    .default(-1)
    .describe("label of padded pixels; −1 counts nowhere, 0 reproduces the published code"),
  loss: text
    .default("ce")
    .describe("loss that the updates lower and, with --attack pgd, the inner attack raises"),
  plugin: z
    .array(text)
    .optional()
    .describe("module with losses, data sets or gradient rules of your own; its code is run"),
  attack: z
    .enum(keysOf(climbedLosses))
    .default("pgd")
    .describe(
      "inner attack: pgd, or segpgd or cospgd, which weigh the cross-entropy of each pixel by whether, or how surely, it is right",
    ),
  attackSteps: z
    .int()
    .min(0)
    .max(mostAttackSteps)
    .default(2)
    .describe("steps of the inner attack; 0 trains on clean images"),
  eps: radius.default(defaultRadius).describe("ℓ∞ radius of the inner attack, as 4/255 or a decimal"),
  stepSize: radius.default("0.01").describe("step size of the inner attack, as 2/255 or a decimal"),
  randomStart: z.boolean().default(false).describe("begin the inner attack at a random point of the ball"),
  cleanShare: share.max(0.99).default(0).describe("share of each batch that is not attacked"),
  attackGradients: z
    .enum(["separate", "accumulate"])
    .default("separate")
    .describe(
      "accumulate: also add the parameter gradients of the attack's passes, as the published code does",
    ),
  replay: count
    .min(2)
    .optional()
    .describe(
      "train on each batch M times in a row, on the perturbation that its backward passes build up (Free-AT); images are read in --epochs/M passes",
    ),
  epochs: count.default(50).describe("passes over the training images"),
  batchSize: count.default(16).describe("images per pass"),
  accumulate: count.default(1).describe("passes per update; their gradients are averaged"),
  optimizer: z
    .enum(keysOf<OptimizerName>(optimizers))
    .default("adamw")
    .describe("optimizer of the parameters"),
  learningRate: z.number().positive().default(1e-3).describe("learning rate at the end of the warm-up"),
  weightDecay: z
    .number()
    .min(0)
    .default(0.01)
    .describe("weight decay of weights; biases and norms have none"),
  momentum: share.default(0.9).describe("momentum of sgd"),
  nesterov: z.boolean().default(false).describe("use Nesterov momentum with sgd"),
  warmupEpochs: z.number().min(0).default(5).describe("epochs of linear warm-up"),
  power: z
    .number()
    .min(0)
    .default(1)
    .describe("power of the polynomial decay after the warm-up; 0: constant rate"),
  floor: share.default(0).describe("smallest learning rate, as a share of --learning-rate"),
  rates: z
    .record(text, z.number().min(0))
    .default({})
    .describe("factors of the learning rate by prefix of the parameter names, as backbone=0.1"),
  clip: z
    .number()
    .positive()
    .optional()
    .describe("largest Euclidean length of the gradient; default: no clipping"),
  ema: z
    .number()
    .gt(0)
    .lt(1)
    .optional()
    .describe("decay per update of a moving average of the weights, which is validated, saved and exported"),
  seed: z.int().default(0).describe("seed of all randomness"),
  holdOut: z
    .int()
    .min(0)
    .default(16)
    .describe(
      "number of images, the last ones of the split, that are not trained on and choose the best checkpoint",
    ),
  validateEvery: count.default(1).describe("epochs between validations"),
  validationSteps: count.max(mostAttackSteps).default(10).describe("attack steps in a validation"),
  checkpointEvery: count.default(1).describe("epochs between checkpoints"),
  patience: count
    .optional()
    .describe(
      "end early after N validations in a row without a better accuracy of attacked images (clean ones with --attack-steps 0)",
    ),
  top: count
    .optional()
    .describe("keep the N checkpoints with the best such accuracy, besides best-* and last"),
  workers: z
    .int()
    .min(0)
    .optional()
    .describe(
      "worker threads that decode and augment images in advance; default: as many as cores and memory allow, at most 8",
    ),
  recompute: z
    .enum(recomputeLevels)
    .default("none")
    .describe(
      "what backward passes compute again instead of keeping it in memory: none, cheap operators, or blocks between residual sums",
    ),
  device: z.enum(["cpu", "cuda", "webgpu"]).default("cpu").describe("where the engine runs"),
  threads: count.optional().describe("threads of the engine; default: its own choice"),
  exportSize: z
    .tuple([count, count])
    .readonly()
    .optional()
    .describe("image size of the exported model; default: the crop"),
  out: text.describe("folder of checkpoints, curves and the exported model"),
  resume: z.boolean().default(false).describe("continue the training in the folder"),
});

/** Settings as a user gives them; those with a default may be left out. */
export type TrainingSettings = z.input<typeof trainingSettings>;
