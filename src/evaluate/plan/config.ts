/** The configuration of an evaluation: one schema for flags, config files and the library. */
import { z } from "zod";
import { attacks as attackFamilies, parseAttacks } from "../../attack/index.js";
import { checkSettings, messageOf, parseRadius } from "../../base/index.js";
import { dataFields } from "../../data/index.js";
import type { Plugin } from "../components/components.js";
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

const text = z.string().min(1);
const count = z.int().min(1);
const radii = (list: string) => list.split(",").map((entry) => parseRadius(entry));
const triple = z.tuple([z.number(), z.number(), z.number()]);

/** Checks the attacks that need no plugin; names with a plugin's prefix are looked up when plugins are loaded. */
function parseBuiltInAttacks(list: string): void {
  const isPlugged = (name: string) => {
    const [first = "", ...rest] = name.trim().split(":");
    return rest.length > 1 || (rest.length === 1 && !Object.hasOwn(attackFamilies, first));
  };
  const own = list.split(",").filter((name) => !isPlugged(name));
  if (own.length > 0) parseAttacks(own.join(","));
}

/** Every flag of `seawall eval` that says what is computed or where it goes; docstrings are the flags' help. */
export const evaluationSchema = z.strictObject({
  model: text.describe("ONNX file: image N×3×H×W in, logits N×K×h×w out"),
  output: text.optional().describe("output that holds the logits, when there are several"),
  layout: z
    .enum(["nchw", "nhwc"])
    .optional()
    .describe("layout of image and logits; default: found from the shapes"),
  inputRange: z
    .tuple([z.number(), z.number()])
    .optional()
    .describe("values of black and white that the model expects; default 0,1"),
  mean: triple.optional().describe("subtracted per channel (R,G,B) after --input-range"),
  std: triple.optional().describe("divided by per channel (R,G,B) after --mean"),
  bgr: z.boolean().optional().describe("the model expects blue first"),
  data: dataFields.data,
  labels: z.enum(["truth", "self"]).default("truth").describe("self: the clean prediction is the reference"),
  split: text.optional().describe("split of the data set; default: its validation split"),
  limit: dataFields.limit,
  offset: z.int().min(0).optional().describe("leave out the first N images"),
  resizeShort: count.optional().describe("resize the shorter side to S pixels"),
  crop: z.tuple([count, count]).optional().describe("centre crop, HxW"),
  classes: dataFields.classes,
  ignoreLabel: dataFields.ignoreLabel,
  labelVariant: dataFields.labelVariant,
  classWeights: text
    .optional()
    .describe(
      "data split to count class weights from, as --data (class-balanced-ce); default: the data set's train split",
    ),
  eps: text.superRefine(parsed(radii)).describe("ℓ∞ radii in [0,1], as 4/255 or a decimal, comma-separated"),
  attacks: text
    .superRefine(parsed(parseBuiltInAttacks))
    .default("sea-2023")
    .describe("ensemble or list of attacks"),
  steps: count.default(300).describe("iterations of each attack"),
  radiusSchedule: z
    .enum(["reduce", "constant"])
    .default("reduce")
    .describe("2ε, 1.5ε, ε in 3:3:4 of the steps, or ε throughout"),
  protocol: z
    .enum(["strict", "authors"])
    .default("strict")
    .describe("correct accounting, or that of the published code"),
  seed: z.int().default(0).describe("seed of all randomness"),
  parallel: count
    .optional()
    .describe(
      "images attacked at the same time, each by a worker of its own; default: as cores and memory allow",
    ),
  device: z.enum(["cpu", "cuda", "webgpu"]).default("cpu").describe("where the engine runs"),
  threads: count.optional().describe("threads of the engine; default: its own choice"),
  out: text.optional().describe("run folder"),
  resume: z.boolean().default(false).describe("continue the run in the folder"),
  shard: z
    .strictObject({ index: z.int().min(0), count })
    .optional()
    .describe("do part i of n, as i/n with i from 1"),
  trace: z
    .int()
    .min(0)
    .default(0)
    .describe("keep the course of every attack on the first N images, for the report"),
  report: z
    .boolean()
    .default(true)
    .describe("write report.html and its pictures into the run folder; --no-report does not"),
  plugin: z
    .array(text)
    .optional()
    .describe(
      "module with losses, attacks, ensembles, data sets or gradient rules of your own; its code is run",
    ),
  gate: z
    .array(text)
    .optional()
    .describe("condition such as worst.mIoU@4/255>=0.60; exit code 3 if it fails"),
});

/** What a user may leave out is optional. */
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
  ...{ eps: "stated", attacks: "stated", steps: "stated", radiusSchedule: "stated", seed: "stated" },
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
  ...{ parallel: "running", device: "running", threads: "running", out: "running", resume: "running" },
  ...{ shard: "running", trace: "running", report: "running", gate: "running" },
  plugin: "stated",
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
  return checkSettings(evaluationSchema, renameSettings(settings).values);
}

/** The radii of a configuration, in order. */
export function radiiOf({ eps }: Pick<EvaluationConfig, "eps">) {
  return radii(eps);
}
