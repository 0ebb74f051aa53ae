/** The configuration of an evaluation: one schema for flags, config files and the library. */
import { z } from "zod";
import { attacks as attackFamilies, parseAttacks } from "../../attack/index.js";
import { checkSettings, messageOf, parseRadius, type Radius, SeawallError } from "../../base/index.js";
import type { Plugin } from "../../components/index.js";
import { dataFields, encodingFields } from "../../data/index.js";
import { meanProblem, rangeProblem, stdProblem } from "../../oracle/index.js";
import { parseQueueAddress } from "../../queue/index.js";
import { checkNames } from "../soundness/index.js";
import { parseBudget } from "./budget.js";
import { renameSettings } from "./renamed.js";

/** Applies a parser that throws, and reports what it says. */
function parsed<T>(parse: (text: string) => T) {
  return (text: string, context: z.RefinementCtx) => {
    try {
      parse(text);
    } catch (error) {
      context.addIssue({ code: "custom", message: messageOf(error) });
    }
  };
}

/** Reports what a check says of a value. */
function sound<T>(problemOf: (value: T) => string | undefined) {
  return (value: T, context: z.RefinementCtx) => {
    const message = problemOf(value);
    if (message) context.addIssue({ code: "custom", message });
  };
}

const text = z.string().min(1, { abort: true });
const count = z.int().min(1);

/** @throws SeawallError `config` for a text that is no list of radii, or names one twice */
function radii(list: string): Radius[] {
  const found = list.split(",").map((entry) => parseRadius(entry));
  for (const [i, { text, value }] of found.entries()) {
    const same = found.slice(0, i).find((other) => other.value === value);
    if (same && same.text === text)
      throw new SeawallError("config", `radius ${text} is listed twice; leave one out`);
    if (same) throw new SeawallError("config", `${text} is the same radius as ${same.text}; leave one out`);
  }
  return found;
}

const perChannel = z.array(z.number()).min(1);
const size = z.tuple([count, count]);

/** Checks the attacks that need no plugin; names with a plugin's prefix are looked up when plugins are loaded. */
function parseBuiltInAttacks(list: string): void {
  const isPlugged = (name: string) => {
    const [first = "", ...rest] = name.trim().split(":");
    return rest.length > 1 || (rest.length === 1 && !Object.hasOwn(attackFamilies, first));
  };
  const own = list.split(",").filter((name) => !isPlugged(name));
  if (own.length > 0) parseAttacks(own.join(","));
}

/** Every setting of `seawall eval`; the descriptions are the help texts of the flags. */
export const evaluationSchema = z.strictObject({
  model: text.describe("ONNX file: image N×C×H×W in, logits N×K×h×w out"),
  output: text.optional().describe("name of the output that holds the logits, if the model has several"),
  layout: z
    .enum(["nchw", "nhwc"])
    .optional()
    .describe("layout of image and logits; default: found from the shapes"),
  inputRange: z
    .tuple([z.number(), z.number()])
    .superRefine(sound(rangeProblem))
    .optional()
    .describe("pixel values of black and white that the model expects; default 0,1"),
  mean: perChannel
    .superRefine(sound(meanProblem))
    .optional()
    .describe("mean of each channel (R,G,B for three), subtracted after --input-range"),
  std: perChannel
    .superRefine(sound(stdProblem))
    .optional()
    .describe("standard deviation of each channel, divided by after --mean"),
  bgr: z.boolean().optional().describe("the model expects BGR instead of RGB"),
  window: size
    .optional()
    .describe(
      "run the model on windows of this size, HxW, and average the logits where they overlap; default: on whole images",
    ),
  stride: size
    .optional()
    .describe("rows and columns from one window to the next, HxW; default: two thirds of --window"),
  data: dataFields.data,
  labels: z
    .enum(["truth", "self"])
    .default("truth")
    .describe("truth: label files; self: the clean prediction is the reference"),
  split: text.optional().describe("split of the data set; default: its validation split"),
  limit: dataFields.limit,
  offset: z.int().min(0).optional().describe("skip the first N images"),
  resizeShort: count.optional().describe("resize the shorter side of each image to S pixels"),
  crop: size.optional().describe("centre crop of this size, HxW"),
  ...encodingFields,
  classes: dataFields.classes,
  ignoreLabel: dataFields.ignoreLabel,
  labelMap: dataFields.labelMap,
  palette: dataFields.palette,
  labelSuffix: dataFields.labelSuffix,
  labelVariant: dataFields.labelVariant,
  classWeights: text
    .optional()
    .describe(
      "data to count class weights in, written as for --data (for class-balanced-ce); default: the training split",
    ),
  eps: text
    .superRefine(parsed(radii))
    .describe("ℓ∞ radii, as shares of the range from black to white: 4/255 or a decimal, comma-separated"),
  attacks: text
    .superRefine(parsed(parseBuiltInAttacks))
    .default("surge")
    .describe(
      "ensemble, or list of attacks, comma-separated; with --protocol authors the default is sea-2023",
    ),
  surrogate: text
    .optional()
    .describe(
      "ONNX file of another model of the same images and classes, by whose gradient every attack is made once more (transfer:ATTACK)",
    ),
  steps: z
    .union([count, text.superRefine(parsed(parseBudget))])
    .default(300)
    .describe(
      "iterations of each attack; auto or auto:GAIN: 60, then rounds of attacks that go on, until one lowers aAcc and mIoU by less than GAIN percentage points (0.05)",
    ),
  maxSteps: count
    .optional()
    .describe(
      "with --steps auto: the most steps of all attacks and rounds of a seed together, as the mean over images; default: 600",
    ),
  radiusSchedule: z
    .enum(["reduce", "constant"])
    .default("reduce")
    .describe("reduce: radii 2ε, 1.5ε and ε for 30, 30 and 40 % of the steps; constant: ε for all steps"),
  perturbChannels: z
    .array(count)
    .min(1)
    .optional()
    .describe("channels that attacks may change, counted from 1, as 1,2,3; default: all"),
  protocol: z
    .enum(["strict", "authors"])
    .default("strict")
    .describe("strict: correct accounting; authors: the accounting of the published code"),
  seed: z.int().default(0).describe("seed of all random numbers"),
  seeds: count
    .max(100)
    .default(1)
    .describe(
      "run every attack with N seeds, from --seed on; the worst case is over all, and the result says how far single seeds lie apart",
    ),
  plugin: z
    .array(text)
    .optional()
    .describe(
      "module with losses, attacks, ensembles, data sets or gradient rules of your own; its code is run",
    ),
  parallel: count
    .optional()
    .describe(
      "number of images attacked in parallel, each by its own worker; default: as many as cores and memory allow, and one on a graphics card",
    ),
  queue: text
    .superRefine(parsed(parseQueueAddress))
    .optional()
    .describe(
      "attack the images on other machines: queue on a Redis server, redis://HOST/NAME, at which they run seawall work",
    ),
  untrusted: z
    .boolean()
    .default(false)
    .describe(
      "the model comes from a stranger: open it first in a process of its own, with bounds on memory and time, at every size of image",
    ),
  device: z.enum(["cpu", "cuda", "webgpu"]).default("cpu").describe("device that the engine runs on"),
  threads: count.optional().describe("number of threads; default: the engine's choice"),
  out: text.optional().describe("run folder to write"),
  resume: z.boolean().default(false).describe("continue the run in the folder"),
  shard: z
    .strictObject({ index: z.int().min(0), count })
    .optional()
    .describe(
      "evaluate part i of n, counted from 1; all parts have about as many pixels; seawall merge joins them",
    ),
  costs: text
    .optional()
    .describe(
      "run folder of an earlier run on these images; --shard divides them by the seconds that they took there",
    ),
  after: z
    .array(text)
    .optional()
    .describe(
      "run folder of another shard, whose counts an attack on the mIoU of the whole set goes on from; one for each",
    ),
  trace: z
    .int()
    .min(0)
    .default(0)
    .describe("record every step of the attacks on the first N images, for the report"),
  report: z
    .boolean()
    .default(true)
    .describe("write report.html and its pictures into the run folder (--no-report: do not)"),
  saveImages: z
    .boolean()
    .default(false)
    .describe(
      "store every perturbed image that is counted in the run folder, as a NumPy array of floats and, rounded to 8 bits, as a PNG",
    ),
  gate: z
    .array(text)
    .optional()
    .describe("condition on the result, such as worst.mIoU@4/255>=0.60; exit code 3 if it does not hold"),
  gateAllow: z
    .array(z.enum(checkNames))
    .optional()
    .describe("gates may hold although these soundness checks failed, such as labels,convergence"),
  gateDespiteChecks: z.boolean().default(false).describe("gates may hold although a soundness check failed"),
});

/** Configuration as a user gives it; settings with a default may be left out. */
export interface EvaluationInput extends z.input<typeof evaluationSchema> {
  /** @deprecated The old name of `parallel`. */
  batchSize?: number | undefined;
  /** Plugins as values. Functions cannot be sent to worker threads, so images are attacked in this thread, one by one. */
  plugins?: readonly Plugin[] | undefined;
}
/** Complete: every default filled in. */
export type EvaluationConfig = z.output<typeof evaluationSchema>;

/**
 * Whether a setting decides figures. `decides`: it does, and a run is another one when it changes; `stated`: it
 * does, and `run.json` states it more exactly elsewhere, as a hash or in the protocol; `running`: it does not.
 */
const settingRoles = {
  ...{ model: "stated", data: "stated", classes: "stated", classWeights: "stated", protocol: "stated" },
  surrogate: "stated",
  ...{ eps: "stated", attacks: "stated", steps: "stated", radiusSchedule: "stated", seed: "stated" },
  maxSteps: "stated",
  seeds: "stated",
  ...{ window: "stated", stride: "stated" },
  ...{ output: "decides", layout: "decides", inputRange: "decides", mean: "decides", std: "decides" },
  ...{
    bgr: "decides",
    labels: "decides",
    labelVariant: "decides",
    split: "decides",
    limit: "decides",
    offset: "decides",
  },
  ...{ resizeShort: "decides", crop: "decides", ignoreLabel: "decides" },
  perturbChannels: "decides",
  ...{ bands: "decides", pixelRange: "decides", exifOrientation: "decides" },
  ...{ parallel: "running", device: "running", threads: "running", out: "running", resume: "running" },
  ...{ after: "running", queue: "running" },
  ...{ costs: "running", untrusted: "running" },
  ...{
    shard: "running",
    trace: "running",
    report: "running",
    saveImages: "running",
    gate: "running",
    gateAllow: "running",
    gateDespiteChecks: "running",
  },
  ...{ plugin: "stated", labelMap: "stated", palette: "stated", labelSuffix: "stated" },
} as const satisfies Record<keyof EvaluationConfig, "decides" | "stated" | "running">;

/** The settings whose values make up the configuration's hash. */
export const decidingSettings = (Object.keys(settingRoles) as (keyof EvaluationConfig)[]).filter(
  (setting) => settingRoles[setting] === "decides",
);

/**
 * Checks a configuration and fills in the defaults.
 * @throws SeawallError `config` listing every mistake at once, each with its setting
 */
export function parseConfig(input: unknown): EvaluationConfig {
  const isObject = typeof input === "object" && input !== null && !Array.isArray(input);
  if (!isObject) return checkSettings(evaluationSchema, input);
  const { plugins: _, ...settings } = input as Readonly<Record<string, unknown>>;
  return checkSettings(evaluationSchema, publishedByDefault(renameSettings(settings).values));
}

/** The published accounting is of published attacks. */
function publishedByDefault(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { protocol, attacks } = settings;
  return protocol === "authors" && attacks === undefined ? { ...settings, attacks: "sea-2023" } : settings;
}

/** The radii of a configuration, in order. */
export function radiiOf({ eps }: Pick<EvaluationConfig, "eps">) {
  return radii(eps);
}
